package history

import (
	"crypto/sha256"

	"roster/internal/address"
	"roster/internal/names"
)

// Address identifies an e-mail address, or a value of an anchor, without containing it. Whoever has the address or the value can recognise it.
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

// AnchorsOf identifies the value of an anchor; nothing if it is none. Its hash is never that of an address.
func AnchorsOf(name, value string) []Address {
	key := names.AnchorKey(value)
	if key == "" {
		return nil
	}
	return []Address{{Hash: HashOfAnchor(name + "\x00" + key)}}
}

// HashOfAnchor returns the hash of the name of an anchor, a NUL, and a value in the form in which values are compared: see names.AnchorKey.
func HashOfAnchor(key string) [16]byte { return HashOf("\x00" + key) }

// AnchorPart is the name under which a history has the changes of a field that only accounts of one kind have, and that an anchor names.
func AnchorPart(field string) string { return "Details." + field }
