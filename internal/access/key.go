package access

import (
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"strings"
)

// KeyPrefix begins every API key, so that a leaked key is recognizable.
const KeyPrefix = "roster_"

const (
	keyBytes   = 32
	hashPrefix = "sha256:"
)

// Key is an API key as configured: its hash, never the key itself.
type Key struct {
	Name   string
	Hash   Hash
	Scopes Scopes
	// Router reports that a federation router uses the key. The router checks the scopes of its own callers.
	Router bool
	// Limits are the caller's own limits; nil for the common ones.
	Limits *Limits
}

// Hash is the SHA-256 of a whole key. A key has 256 random bits, which nobody can guess. A slow hash is for passwords; here it would only slow down
// each request.
type Hash [sha256.Size]byte

// String returns the hash as the configuration spells it.
func (h Hash) String() string { return hashPrefix + hex.EncodeToString(h[:]) }

// ParseHash parses a hash as the configuration spells it.
func ParseHash(text string) (Hash, error) {
	var h Hash
	if strings.HasPrefix(text, KeyPrefix) {
		return h, errors.New("is a key itself, which is now known to whoever reads this file: make another with roster key, and give its hash")
	}
	digits, ok := strings.CutPrefix(text, hashPrefix)
	b, err := hex.DecodeString(digits)
	if !ok || err != nil || len(b) != len(h) {
		return h, errors.New("must be sha256: and 64 hexadecimal digits, as roster key prints it")
	}
	copy(h[:], b)
	return h, nil
}

// NewKey creates a key.
func NewKey() (key string, hash Hash) {
	random := make([]byte, keyBytes)
	rand.Read(random) // it never fails
	key = KeyPrefix + base64.RawURLEncoding.EncodeToString(random)
	return key, HashKey(key)
}

// HashKey returns the hash of a key.
func HashKey(key string) Hash { return sha256.Sum256([]byte(key)) }

// find returns the configured key that matches the presented one. It compares all keys completely, in constant time, so that its duration reveals
// nothing.
func find(keys []Key, presented string) *Key {
	hash := HashKey(presented)
	at := -1
	for i := range keys {
		at = subtle.ConstantTimeSelect(subtle.ConstantTimeCompare(keys[i].Hash[:], hash[:]), i, at)
	}
	if at < 0 {
		return nil
	}
	return &keys[at]
}
