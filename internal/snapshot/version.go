package snapshot

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/fxamacker/cbor/v2"
)

// versionLength is the number of hexadecimal digits of the hash that make a version: 128 bits.
const versionLength = 32

// canonical encodes a value in exactly one way: sorted names, shortest numbers, and times as instants. The zone of a time must not make
// two processes differ. The encoding distinguishes nil (not shown) and empty (none).
var canonical = func() cbor.EncMode {
	opt := cbor.CoreDetEncOptions()
	opt.Time = cbor.TimeRFC3339NanoUTC
	mode, err := opt.EncMode()
	if err != nil {
		panic(err) // the options above are constants
	}
	return mode
}()

func (k kindOf[T]) version(r Records) (string, error) {
	hash := sha256.New()
	enc := canonical.NewEncoder(hash)
	if err := enc.Encode(k.collection.String()); err != nil {
		return "", err
	}
	records := *k.field(&r)
	for i := range records {
		if err := enc.Encode(&records[i]); err != nil { // by address, because a copy of each would double the work
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:versionLength], nil
}
