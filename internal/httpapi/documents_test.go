package httpapi

import (
	"strconv"
	"strings"
	"testing"
)

// The cache of documents is bounded, for any number of documents of any size.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDocuments(nil, nil, nil, Limits{}, false)
	sizes := []int{10, ordinaryDocument, ordinaryDocument + 1, largeDocument, largeDocument + 1, 1 << 20}
	text := func(size, i int) string { return strconv.Itoa(i) + strings.Repeat("x", size-len(strconv.Itoa(i))) }
	const many = ordinaryDocuments + 500
	kept := make(map[int]int)
	for _, size := range sizes[:4] {
		for i := range many {
			d.forSize(size).Add(t.Context(), text(size, i), &document{})
		}
	}
	for _, size := range sizes[4:] {
		d.forSize(size).Add(t.Context(), text(size, 0), &document{})
	}
	total := 0
	for _, size := range sizes {
		for i := range many {
			if size > largeDocument && i > 0 {
				break
			}
			if _, ok := d.forSize(size).Get(t.Context(), text(size, i)); ok {
				kept[size]++
				total += size
			}
		}
	}
	if kept[ordinaryDocument] != ordinaryDocuments || kept[largeDocument] != largeDocuments || kept[largeDocument+1]+kept[1<<20] != 0 {
		t.Errorf("kept by size: %v", kept)
	}
	if total > 4<<20 {
		t.Errorf("%d bytes of text are kept", total)
	}
}
