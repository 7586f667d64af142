package directory

import (
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
)

// collation makes keys whose byte order is the Unicode order of names. Not safe for concurrent use.
type collation struct {
	collator *collate.Collator
	buf      collate.Buffer
	step     func(int) // is called with how many steps a key takes
}

func newCollation(step func(int)) *collation {
	return &collation{collator: collate.New(language.Und), step: step}
}

// keyStep is how many bytes of a name are a step.
const keyStep = 64

// key gives the sort key of a name.
func (c *collation) key(name string) string {
	c.step(1 + len(name)/keyStep)
	c.buf.Reset()
	return string(c.collator.KeyFromString(&c.buf, strings.TrimSpace(name)))
}
