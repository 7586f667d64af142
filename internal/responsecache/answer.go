package responsecache

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"sync"
	"sync/atomic"

	"roster/internal/freshness"
)

// Answer is an answer, ready to be written. It is immutable once it can be found. It is one piece of memory with its entry in the cache, because the cache has
// very many, and the garbage collector visits each of them.
type Answer struct {
	From freshness.Reusable
	// Body is JSON. Complete is false if data is missing or denied, or if there are other errors.
	Body     []byte
	Complete bool
	// Outcome is how the operation has ended. Operation is its name.
	Outcome   uint8
	Operation string
	// Length is the value of Content-Length.
	Length []string
	// Prepared is what the user of the cache keeps beside the answer.
	Prepared atomic.Value

	entry   entry
	hash    uint64
	length  [1]string // of Length
	digest  atomic.Pointer[string]
	encoded atomic.Pointer[[maxEncodings]encoded]
}

// maxEncodings is the number of encodings that one answer can have.
const maxEncodings = 4

// encoded is the body in one encoding.
type encoded struct {
	once   sync.Once
	body   []byte
	text   []string // the value of Content-Length
	length atomic.Int64
}

// NewAnswer returns an answer for the key.
func (c *Cache) NewAnswer(key string, from freshness.Reusable, body []byte) *Answer {
	a := &Answer{From: from, Body: body, hash: c.hashOf(key), length: [1]string{strconv.Itoa(len(body))}}
	a.entry, a.Length = entry{key: key, answer: a}, a.length[:]
	return a
}

// Digest returns the text of a digest. 128 bits are enough to tell answers apart.
func Digest(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:16]) }

// Digest returns the digest of the body.
func (a *Answer) Digest() string {
	if known := a.digest.Load(); known != nil {
		return *known
	}
	text := Digest(sha256.Sum256(a.Body))
	a.digest.Store(&text)
	return text
}

// Encoded returns the body in an encoding, which it makes once and keeps beside the body, and its Content-Length.
func (c *Cache) Encoded(a *Answer, encoding int, encode func([]byte) []byte) (body []byte, length []string) {
	if a.encoded.Load() == nil {
		a.encoded.CompareAndSwap(nil, new([maxEncodings]encoded))
	}
	e := &a.encoded.Load()[encoding]
	e.once.Do(func() {
		e.body = bytes.Clone(encode(a.Body)) // without the room into which a buffer has grown
		e.text = []string{strconv.Itoa(len(e.body))}
		e.length.Store(int64(cap(e.body)))
		c.weighAgain(a)
	})
	return e.body, e.text
}

// weight returns about how many bytes the answer takes, with its body in all encodings.
func (a *Answer) weight() int {
	n := answerOverhead + cap(a.Body)
	if all := a.encoded.Load(); all != nil {
		for i := range all {
			n += int(all[i].length.Load())
		}
	}
	return n
}
