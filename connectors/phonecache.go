package connectors

import (
	"strings"
	"sync"
	"time"

	"github.com/nyaruka/phonenumbers"
)

const (
	// phonesFor is how long a number is remembered that no fetch has had again: between one and two times that.
	phonesFor = time.Hour
	// mostPhones is how many numbers are remembered at most: between one and two times that.
	mostPhones = 1 << 18
)

// phoneCache remembers the international forms of numbers. A fetch brings all records of a source, of which few have changed, and reading a number takes longer
// than everything else that is done with its record. It is safe for concurrent use.
type phoneCache struct {
	mu          sync.Mutex
	now, before map[phoneText]phoneForms // before is forgotten next
	since       time.Time                // of now
	most        int                      // see mostPhones
}

// phoneText is what a source has written, and the region in which it is read.
type phoneText struct{ raw, region string }

// phoneForms is what was written, and the international form: empty if it is no valid number. Records share both.
type phoneForms struct{ raw, e164 string }

var knownPhones = phoneCache{most: mostPhones}

// forms returns the forms of a number.
func (c *phoneCache) forms(raw, region string, now time.Time) phoneForms {
	text := phoneText{raw, region}
	if f, ok := c.find(text, now); ok {
		return f
	}
	f := phoneForms{raw: strings.Clone(raw)} // without the answer of which it is a part
	text.raw = f.raw
	if n, err := phonenumbers.Parse(raw, region); err == nil && phonenumbers.IsValidNumber(n) {
		f.e164 = phonenumbers.Format(n, phonenumbers.E164)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now[text] = f
	return f
}

func (c *phoneCache) find(text phoneText, now time.Time) (f phoneForms, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now == nil || len(c.now) >= c.most || now.Sub(c.since) >= phonesFor {
		c.now, c.before, c.since = make(map[phoneText]phoneForms, len(c.now)), c.now, now
	}
	if f, ok = c.now[text]; ok {
		return f, true
	}
	if f, ok = c.before[text]; ok {
		text.raw = f.raw
		c.now[text] = f
	}
	return f, ok
}
