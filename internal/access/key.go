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

// KeyPrefix begins every API key, so that one is known for what it is wherever it turns up.
const KeyPrefix = "roster_"

const (
	keyBytes   = 32
	hashPrefix = "sha256:"
)

// Key is an API key as the configuration has it: its hash, never the key.
type Key struct {
	Name   string
	Hash   Hash
	Scopes Scopes
	// Router says that a federation router uses it, and checks the scopes of its own callers.
	Router bool
	// Limits are its caller's own; nil for those of everybody.
	Limits *Limits
}

// Hash is the SHA-256 of a whole key. A key is 256 random bits: nobody can try them all, so that a slow hash, which is for what people think up,
// would only make each request slow.
type Hash [sha256.Size]byte

// String gives the hash as the configuration has it.
func (h Hash) String() string { return hashPrefix + hex.EncodeToString(h[:]) }

// ParseHash reads a hash as the configuration has it.
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

// NewKey makes a key.
func NewKey() (key string, hash Hash) {
	random := make([]byte, keyBytes)
	rand.Read(random) // it never fails
	key = KeyPrefix + base64.RawURLEncoding.EncodeToString(random)
	return key, HashKey(key)
}

// HashKey gives a key's hash.
func HashKey(key string) Hash { return sha256.Sum256([]byte(key)) }

// find gives the key that was presented. It looks at every one, and at each to its end, so that the time it takes tells nothing.
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
