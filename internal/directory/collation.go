package directory

import (
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// collation makes sort keys whose byte order is the Unicode collation order of names. It is not safe for concurrent use.
type collation struct {
	collator *collate.Collator
	buf      collate.Buffer
	step     func(int) // counts the steps that a key takes
}

func newCollation(step func(int)) *collation {
	return &collation{collator: collate.New(language.Und), step: step}
}

// keyStep is the number of bytes of a name that count as one step.
const keyStep = 64

// key returns the sort key of a name.
func (c *collation) key(name string) string {
	c.step(1 + len(name)/keyStep)
	c.buf.Reset()
	return string(c.collator.KeyFromString(&c.buf, strings.TrimSpace(name)))
}
