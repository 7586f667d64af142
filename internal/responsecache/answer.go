package responsecache

import (
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"sync/atomic"

	"roster/internal/freshness"
)

// Answer is an answer, ready to be written. It is immutable once it can be found.
type Answer struct {
	From freshness.Reusable
	// Body is JSON. Complete is false if data is missing or denied, or if there are other errors.
	Body     []byte
	Complete bool
	// Operation is the name of the operation. Outcome is how it has ended.
	Operation string
	Outcome   uint8
	// Length is the value of Content-Length.
	Length []string

	key  string
	hash uint64

	digest  func() string
	encoded [maxEncodings]encoded
}

// maxEncodings is the number of encodings that one answer can have.
const maxEncodings = 4

// encoded is the body in one encoding.
type encoded struct {
	once   sync.Once
	body   []byte
	length atomic.Int64
}

// NewAnswer returns an answer for the key.
func (c *Cache) NewAnswer(key []byte, from freshness.Reusable, body []byte) *Answer {
	a := &Answer{From: from, Body: body}
	a.key, a.hash, a.Length = string(key), c.hashOf(key), []string{strconv.Itoa(len(a.Body))}
	a.digest = sync.OnceValue(func() string { return Digest(sha256.Sum256(a.Body)) })
	return a
}

// Digest returns the text of a digest. 128 bits are enough to tell answers apart.
func Digest(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:16]) }

// Digest returns the digest of the body.
func (a *Answer) Digest() string { return a.digest() }

// Encoded returns the body in an encoding, which it makes once and keeps beside the body.
func (c *Cache) Encoded(a *Answer, encoding int, encode func([]byte) []byte) []byte {
	e := &a.encoded[encoding]
	e.once.Do(func() {
		e.body = encode(a.Body)
		e.length.Store(int64(len(e.body)))
		c.weighAgain(a)
	})
	return e.body
}
