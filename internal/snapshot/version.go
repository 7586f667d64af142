package snapshot

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/fxamacker/cbor/v2"
)

// versionLength is how many hexadecimal digits of the hash make a version: 128 bits.
const versionLength = 32

// canonical encodes a value in one way only: sorted names, shortest numbers, and times as instants, since a zone is the reader's affair
// and must not make two processes differ. It keeps nil (not shown) and empty (none) apart.
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
		if err := enc.Encode(&records[i]); err != nil { // by address: a copy each would double the work
			return "", err
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:versionLength], nil
}
