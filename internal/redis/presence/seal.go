package presence

import (
	"encoding/json"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/internal/presence"
)

// storedPresence is the stored form of a presence.
type storedPresence struct {
	State connectors.PresenceState `json:"s"`
	Text  string                   `json:"t,omitempty"`
}

func (s storedPresence) presence() connectors.Presence {
	if s.State > connectors.PresenceOffline { // a state of a later release
		return connectors.Presence{}
	}
	return connectors.Presence{State: s.State, Text: s.Text}
}

// The seal of a stored value covers what the value belongs to: the source, the account and the call.

func aboutAccount(i presence.StoreKey, id string, stamp int64) string {
	return "presence:" + nameOf(i) + ":account:" + strconv.FormatInt(stamp, 10) + ":" + id
}

func aboutBucket(i presence.StoreKey, bucket int, stamp int64) string {
	return "presence:" + nameOf(i) + ":everyone:" + strconv.FormatInt(stamp, 10) + ":" + strconv.Itoa(bucket)
}

func aboutWhom(i presence.StoreKey) string { return "presence:" + nameOf(i) + ":whom" }

// encoded returns the JSON of a value that always encodes without an error.
func encoded(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // texts and numbers only
	}
	return b
}

func (s *Store) sealAccount(i presence.StoreKey, id string, stamp int64, p connectors.Presence) []byte {
	return append([]byte(strconv.FormatInt(stamp, 10)+" "),
		s.client.Sealer().Seal(encoded(storedPresence{p.State, p.Text}), aboutAccount(i, id, stamp))...)
}

// openAccount returns the stored presence of an account. It returns false if the value is damaged or was not written by this package with this key.
func (s *Store) openAccount(i presence.StoreKey, id, value string) (stamp int64, p connectors.Presence, ok bool) {
	head, sealed, _ := strings.Cut(value, " ")
	stamp, err := strconv.ParseInt(head, 10, 64)
	if err != nil {
		return 0, connectors.Presence{}, false
	}
	data, err := s.client.Sealer().Open([]byte(sealed), aboutAccount(i, id, stamp))
	var stored storedPresence
	if err != nil || json.Unmarshal(data, &stored) != nil {
		return 0, connectors.Presence{}, false
	}
	return stamp, stored.presence(), true
}

// sealEveryone returns the buckets of an answer about everyone. It includes empty buckets, because a missing bucket counts as damage.
func (s *Store) sealEveryone(saved *presence.Saved) [][]byte {
	var in [buckets]map[string]storedPresence
	for id, p := range saved.Of {
		b := bucketOf(id)
		if in[b] == nil {
			in[b] = make(map[string]storedPresence)
		}
		in[b][id] = storedPresence{p.State, p.Text}
	}
	sealed := make([][]byte, buckets)
	for b, of := range in {
		sealed[b] = s.client.Sealer().Seal(encoded(of), aboutBucket(saved.StoreKey, b, saved.Stamp))
	}
	return sealed
}

func (s *Store) openBucket(sealed, about string) (map[string]connectors.Presence, bool) {
	data, err := s.client.Sealer().Open([]byte(sealed), about)
	var of map[string]storedPresence
	if err != nil || json.Unmarshal(data, &of) != nil {
		return nil, false
	}
	found := make(map[string]connectors.Presence, len(of))
	for id, p := range of {
		found[id] = p.presence()
	}
	return found, true
}

func (s *Store) sealIDs(i presence.StoreKey, ids []string) []byte {
	return s.client.Sealer().Seal(encoded(ids), aboutWhom(i))
}

// openIDs returns the accounts that a call names. If the value cannot be read, it returns an account that nobody requests, so that nobody waits for
// the call.
func (s *Store) openIDs(i presence.StoreKey, sealed string) []string {
	data, err := s.client.Sealer().Open([]byte(sealed), aboutWhom(i))
	var ids []string
	if err != nil || json.Unmarshal(data, &ids) != nil || len(ids) == 0 {
		return []string{""}
	}
	return ids
}
