package plan

import (
	"reflect"
	"sync/atomic"
)

// maxBytes is the memory that one plan may take, and that all plans of one document may take together. A field of an interface has a selection for each type,
// so a short document can have a plan that is a thousand times as long.
const maxBytes = 1 << 20

// The memory of the parts of a plan, in bytes.
var (
	variantBytes   = roundUp(sizeOf[Variant]()) + 64 // with its entry in a map
	selectionBytes = roundUp(sizeOf[Selection]())
	fieldBytes     = sizeOf[Field]()
	argumentBytes  = sizeOf[Argument]()
	memberBytes    = sizeOf[member]()
	pointerBytes   = sizeOf[*Selection]()
	interfaceBytes = sizeOf[any]()
)

func sizeOf[T any]() int { return int(reflect.TypeFor[T]().Size()) }

// roundUp returns about what is allocated for so many bytes: a multiple of 16, or up to an eighth more.
func roundUp(n int) int {
	if n <= 128 {
		return (n + 15) &^ 15
	}
	return n + n/8
}

// bytes returns the memory of a selection without what its fields refer to.
func (s *Selection) bytes() int { return selectionBytes + roundUp(len(s.Fields)*fieldBytes) }

// bytes returns the memory to which a field refers, without other selections.
func (f *Field) bytes() int {
	n := roundUp(len(f.Key)) + roundUp(len(f.Text)) + roundUp(cap(f.Args)*argumentBytes) + roundUp(len(f.Of)*pointerBytes) +
		roundUp(cap(f.Collected.Selections)*interfaceBytes)
	for i := range f.Args {
		a := &f.Args[i]
		n += valueBytes(a.constant) + valueBytes(a.fallback) + roundUp(cap(a.members)*memberBytes)
		for j := range a.members {
			n += valueBytes(a.members[j].constant)
		}
	}
	return n
}

// valueBytes returns the memory to which a value in a document refers.
func valueBytes(v any) int {
	switch v := v.(type) {
	case nil, bool:
		return 0
	case string: // its text is the document's
		return 16
	case []any:
		n := 24 + roundUp(cap(v)*interfaceBytes)
		for _, item := range v {
			n += valueBytes(item)
		}
		return n
	case map[string]any:
		n := 48 + max(8, 2*len(v))*(interfaceBytes+16)
		for _, member := range v {
			n += valueBytes(member)
		}
		return n
	}
	return 8
}

// kept counts the memory of the plans of one document.
type kept struct{ bytes atomic.Int64 }

// add counts so many bytes more, and returns false if that is too much.
func (k *kept) add(n int) bool {
	for {
		now := k.bytes.Load()
		if now+int64(n) > maxBytes {
			return false
		}
		if k.bytes.CompareAndSwap(now, now+int64(n)) {
			return true
		}
	}
}
