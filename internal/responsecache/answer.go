package responsecache

import (
	"strconv"

	"roster/internal/freshness"
)

// Answer is an answer, ready to be written. It is immutable.
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
}

// NewAnswer returns an answer for the key.
func (c *Cache) NewAnswer(key []byte, a Answer) *Answer {
	a.key, a.hash, a.Length = string(key), c.hashOf(key), []string{strconv.Itoa(len(a.Body))}
	return &a
}
