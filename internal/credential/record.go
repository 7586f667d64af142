package credential

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"roster/connectors"
)

// record is what the store keeps of a chain.
type record struct {
	// Number counts the pairs of the chain; 0 before the first.
	Number  int
	Pair    connectors.TokenPair
	Granted time.Time // when Pair was requested
	// Asked is when an exchange of this record's grant began, if its result is not stored. It is zero if there was no such exchange.
	Asked time.Time
}

// stored is the form of a record in a store. It is a separate type because connectors.Secret deliberately does not encode itself.
type stored struct {
	Number   int       `json:"number"`
	Access   string    `json:"access_token,omitempty"`
	Refresh  string    `json:"refresh_token,omitempty"`
	Lifetime int64     `json:"lifetime,omitempty"` // seconds
	Address  string    `json:"address,omitempty"`
	Granted  time.Time `json:"granted,omitzero"`
	Asked    time.Time `json:"asked,omitzero"`
}

// head is the start of every stored record. The checksum of the rest follows.
const head = "roster tokens 1 "

func (r *record) encode() []byte {
	body, err := json.Marshal(stored{
		Number: r.Number, Access: r.Pair.Access.Reveal(), Refresh: r.Pair.Refresh.Reveal(), Lifetime: int64(r.Pair.Lifetime / time.Second),
		Address: r.Pair.Address, Granted: r.Granted.UTC(), Asked: r.Asked.UTC(),
	})
	if err != nil {
		panic("credential: a record cannot be encoded") // all fields are texts, numbers and times
	}
	sum := sha256.Sum256(body)
	return append([]byte(head+hex.EncodeToString(sum[:])+"\n"), body...)
}

// decode decodes a record. It returns ErrDamaged if data is not a valid record.
func decode(data []byte) (record, error) {
	line, body, ok := bytes.Cut(data, []byte("\n"))
	sum := sha256.Sum256(body)
	if !ok || string(line) != head+hex.EncodeToString(sum[:]) {
		return record{}, ErrDamaged
	}
	var s stored
	if err := json.Unmarshal(body, &s); err != nil || s.Number < 0 || s.Lifetime < 0 || (s.Number > 0) != (s.Access != "") {
		return record{}, ErrDamaged
	}
	return record{
		Number:  s.Number,
		Pair:    connectors.TokenPair{Access: connectors.Secret(s.Access), Refresh: connectors.Secret(s.Refresh), Lifetime: time.Duration(s.Lifetime) * time.Second, Address: s.Address},
		Granted: s.Granted, Asked: s.Asked,
	}, nil
}
