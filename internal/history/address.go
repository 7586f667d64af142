package history

import (
	"crypto/sha256"

	"roster/internal/address"
)

// Address identifies an e-mail address without containing it. Whoever has the address can recognise it.
type Address struct {
	Hash [16]byte
	// Verified is true if the source had verified the address.
	Verified bool
}

// HashOf returns the hash of an address in the form in which addresses are compared, see address.Key.
func HashOf(key string) (h [16]byte) {
	sum := sha256.Sum256([]byte(key))
	copy(h[:], sum[:])
	return h
}

// AddressesOf identifies the addresses in a source's field. If they are several, the source has verified none of them.
func AddressesOf(field string, verified bool) []Address {
	parsed := address.Parse(field)
	out := make([]Address, 0, len(parsed))
	for _, a := range parsed {
		out = append(out, Address{HashOf(a.Key), verified && len(parsed) == 1})
	}
	return out
}
