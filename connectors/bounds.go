package connectors

import (
	"cmp"
	"fmt"
)

// Bounds are how much a source may send. A zero stands for the default.
type Bounds struct {
	Bytes int // of one answer, decompressed
	Ratio int // how many times as long an answer may become when it is decompressed
	Rows  int // of a collection
}

// The bounds of a source that has none of its own. All are above what any vendor documents.
const (
	DefaultMaxBytes = 64 << 20
	DefaultMaxRatio = 200
	DefaultMaxRows  = 2_000_000
)

// OrDefault returns the bounds with the defaults in the places of zeros.
func (b Bounds) OrDefault() Bounds {
	return Bounds{Bytes: cmp.Or(b.Bytes, DefaultMaxBytes), Ratio: cmp.Or(b.Ratio, DefaultMaxRatio), Rows: cmp.Or(b.Rows, DefaultMaxRows)}
}

// DetailTooManyRows is the detail of the error for a collection that has more rows than are allowed.
func DetailTooManyRows(most int) string {
	return fmt.Sprintf("the collection has more than %d rows, which max_rows of the source allows", most)
}
