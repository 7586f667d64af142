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
}

func newCollation() *collation { return &collation{collator: collate.New(language.Und)} }

// key gives the sort key of a name.
func (c *collation) key(name string) string {
	c.buf.Reset()
	return string(c.collator.KeyFromString(&c.buf, strings.TrimSpace(name)))
}
