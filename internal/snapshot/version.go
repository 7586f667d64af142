package snapshot

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"

	"roster/connectors/wire"
)

// versionLength is the number of hexadecimal digits of the hash that make a version: 128 bits.
const versionLength = 32

// version hashes the encoded records. The encoding of a value is always the same: it distinguishes nil (not shown) and empty (none), and
// has times as instants, so that the zone of a time does not make two processes differ.
func (k kindOf[T]) version(r Records) (string, error) {
	hash := sha256.New()
	w := wire.NewEncoder([]byte(k.collection.String() + "\n"))
	records := *k.field(&r)
	for i := range records {
		if k.content(w, &records[i]); w.Err() != nil {
			return "", w.Err()
		}
		hash.Write(w.Output())
		w.Reset()
	}
	hash.Write(w.Output())
	return hex.EncodeToString(hash.Sum(nil))[:versionLength], nil
}

// equal reports whether two records have the same encoding.
func (k kindOf[T]) equal(a, b *T) bool {
	x, y := wire.NewEncoder(nil), wire.NewEncoder(nil)
	k.content(x, a)
	k.content(y, b)
	return x.Err() == nil && y.Err() == nil && bytes.Equal(x.Output(), y.Output())
}
