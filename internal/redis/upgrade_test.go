package redis_test

import (
	"encoding/hex"
	"encoding/json"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/limit"
	"roster/internal/presence"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/tokens"
	rediswrites "roster/internal/redis/writes"
	"roster/internal/seal"
	"roster/internal/snapshot/snapshottest"
	"roster/internal/writes"
)

// stored is a key as the release before these packages wrote it, with its value in hexadecimal. Times in the values are of 2024. Values that depend on
// the moment are left out.
type stored struct {
	Type   string            `json:"type"`
	Value  string            `json:"value"`
	Fields map[string]string `json:"fields"`
}

func earlierRelease(t *testing.T) map[string]stored {
	t.Helper()
	data, err := os.ReadFile("testdata/earlier_release.json")
	if err != nil {
		t.Fatal(err)
	}
	var keys map[string]stored
	if err := json.Unmarshal(data, &keys); err != nil {
		t.Fatal(err)
	}
	return keys
}

func unhex(t *testing.T, text string) string {
	t.Helper()
	data, err := hex.DecodeString(text)
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// encrypted are options with the key of the earlier release's data.
func encrypted(s *redistest.Server) redis.Options {
	opt := redistest.At(s)
	opt.Key = []byte(strings.Repeat("k", seal.KeySize))
	return opt
}

var chat = presence.StoreKey{Source: "chat", Fingerprint: "f"}

// During an upgrade, replicas of two releases use one Redis: this release reads what the earlier one has stored.
func TestEarlierReleaseIsRead(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	for key, was := range earlierRelease(t) {
		if was.Value != "" {
			s.Must("SET", key, unhex(t, was.Value))
		}
		for field, value := range was.Fields {
			s.Must("HSET", key, field, unhex(t, value))
		}
	}
	c := redistest.Open(t, encrypted(s))
	kept := rediswrites.New(c)
	r := runningWith(t, c)
	redistest.Connected(t, true, c)
	if diff := cmp.Diff([]string{"one", "two"}, snapshottest.Fetch(t, r.snapshots, snapshottest.Item)); diff != "" {
		t.Errorf("snapshot (-want +got):\n%s", diff)
	}
	if m := snapshottest.Stat(t, r.snapshots, snapshottest.Item); m.Version != "v1" || !m.Complete || m.FetchedAt.Year() != 2024 && m.FetchedAt.Year() != 2023 {
		t.Errorf("its description is %+v", m)
	}
	known, err := r.presence.Lookup(t.Context(), []presence.Question{{StoreKey: chat, IDs: []string{"1"}}})
	if err != nil || known[0].Answers["1"].Presence != (connectors.Presence{State: connectors.PresenceOnline, Text: "at lunch"}) {
		t.Errorf("presence: %+v, %v", known, err)
	}
	s.Must("DEL", s.Key("{chat:f}:everyone:1")) // without the answer about everyone, there is the one about the account
	known, err = r.presence.Lookup(t.Context(), []presence.Question{{StoreKey: chat, IDs: []string{"1"}}})
	if err != nil || known[0].Answers["1"].Presence.Text != "at lunch" {
		t.Errorf("presence of one account: %+v, %v", known, err)
	}
	store, err := tokens.New(c)
	if err != nil {
		t.Fatal(err)
	}
	if got, _, err := store.Load(t.Context(), "chain"); string(got) != "pair" || err != nil {
		t.Errorf("tokens: %q, %v", got, err)
	}
	if got, err := kept.Get(t.Context(), writes.OverlayName); string(got.Value) != "overlay" || err != nil {
		t.Errorf("overlay: %q, %v", got.Value, err)
	}
	if got, err := r.documents.Text(t.Context(), "hash"); got != "{ users }" || err != nil {
		t.Errorf("document: %q, %v", got, err)
	}
}

// What this release stores has the names and types under which the earlier release looks for it.
func TestKeysAreThoseOfTheEarlierRelease(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--appendonly", "yes")
	c := redistest.Open(t, encrypted(s))
	kept := rediswrites.New(c)
	r := runningWith(t, c)
	redistest.Connected(t, true, c)
	ctx := t.Context()
	fine := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	lease := snapshottest.Acquire(t, r.snapshots, 0)
	_, err := lease.Save(ctx, snapshottest.Stored("v1", time.Now(), true, "one", "two"))
	fine(err)
	for token, ids := range map[string][]string{"a": {"1"}, "b": nil} {
		var state presence.CallState
		redistest.Await(t, func() bool { // once the life of the other answer is over
			granted, got, err := r.presence.Acquire(ctx, presence.LeaseRequest{StoreKey: chat, IDs: ids, Token: token, Life: time.Millisecond, Lease: time.Minute})
			state = got
			return granted && err == nil
		}, "a call for presence is granted")
		fine(r.presence.Save(ctx, presence.Saved{StoreKey: chat, IDs: ids, Stamp: state.Stamp, KeepFor: time.Hour}))
	}
	store, err := tokens.New(c)
	fine(err)
	lock, err := store.Lock(ctx, "chain")
	fine(err)
	defer lock.Unlock()
	_, err = store.Save(ctx, "chain", "", []byte("pair"))
	fine(err)
	_, _, err = kept.Put(ctx, writes.OverlayName, writes.Held{}, []byte("overlay"), time.Hour)
	fine(err)
	fine(kept.Acknowledge(ctx, 7))
	fine(r.documents.KeepText(ctx, "hash", "{ users }"))
	_, err = r.callers.Spend(ctx, map[string]time.Duration{"caller": time.Hour})
	fine(err)
	budget := []connectors.Budget{{Key: "b", Source: "crm", Limit: connectors.RateLimit{Calls: 1, Per: time.Hour, Parallel: 1}}}
	r.budgets.Acquire(ctx, limit.Request{ID: "call", Within: time.Hour, Budgets: budget})
	r.budgets.Acquire(ctx, limit.Request{ID: "next", Within: time.Hour, Budgets: budget, Urgent: true})
	r.budgets.Pause("b", limit.Pause{For: time.Hour, Status: 429, Source: "crm"})
	missing := map[string]string{}
	redistest.Await(t, func() bool {
		clear(missing)
		for key, was := range earlierRelease(t) {
			// An urgent waiter is remembered for five seconds only.
			if is := s.Must("TYPE", key); is != was.Type && !strings.HasSuffix(key, ":urgent") {
				missing[key] = is
			}
		}
		return len(missing) == 0
	}, "the keys of the earlier release are there; missing: %v", &missing)
	var others []string
	for key := range strings.FieldsSeq(s.Must("KEYS", "*")) {
		if _, ok := earlierRelease(t)[key]; !ok {
			others = append(others, key)
		}
	}
	if others != nil {
		t.Errorf("keys that the earlier release does not know: %v, beside %v", others, slices.Sorted(maps.Keys(earlierRelease(t))))
	}
}
