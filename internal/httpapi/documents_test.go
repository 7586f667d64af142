package httpapi

import (
	"strconv"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
)

// However many documents come, of whatever size, little of their text is kept.
func TestDocumentsAreBounded(t *testing.T) {
	t.Parallel()
	d := newDocuments()
	sizes := []int{10, ordinaryDocument, ordinaryDocument + 1, largeDocument, largeDocument + 1, maxBody}
	text := func(size, i int) string { return strconv.Itoa(i) + strings.Repeat("x", size-len(strconv.Itoa(i))) }
	const many = ordinaryDocuments + 500
	kept := make(map[int]int)
	for _, size := range sizes[:4] {
		for i := range many {
			d.Add(t.Context(), text(size, i), &ast.QueryDocument{})
		}
	}
	d.Add(t.Context(), text(sizes[4], 0), &ast.QueryDocument{})
	d.Add(t.Context(), text(sizes[5], 0), &ast.QueryDocument{})
	total := 0
	for _, size := range sizes {
		for i := range many {
			if size > largeDocument && i > 0 {
				break
			}
			if _, ok := d.Get(t.Context(), text(size, i)); ok {
				kept[size]++
				total += size
			}
		}
	}
	if kept[ordinaryDocument] != ordinaryDocuments || kept[largeDocument] != largeDocuments || kept[largeDocument+1]+kept[maxBody] != 0 {
		t.Errorf("kept by size: %v", kept)
	}
	if total > 4<<20 {
		t.Errorf("%d bytes of text are kept", total)
	}
}
