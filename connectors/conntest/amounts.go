package conntest

import (
	"bytes"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

const (
	// many is the number of repetitions of a row in one answer. ManyItems is that of an item in a list of a row, of which 1,000 are read.
	many, manyItems = 1500, 400
	// mostPerRow is the number of bytes that may be allocated for an empty row, which is 2 bytes long.
	mostPerRow = 1 << 10
	// elsewhere is the number of bytes that other goroutines of the process may allocate during a measurement.
	elsewhere = 128 << 10
)

// Amounts checks that the memory for an answer is in proportion to its length if a source repeats rows, or items of a row's lists. It measures the
// allocations of the process, so its test must not be parallel.
func Amounts(t *testing.T, answers ...Answer) {
	t.Helper()
	for _, a := range answers {
		t.Run(a.Name, func(t *testing.T) {
			b := a.open(t)
			b.emptyRows(t)
			first, shortest := -1, -1 // of the rows with a record
			for i, own := range b.single {
				if len(own.Records) != 1 {
					continue
				}
				if first < 0 {
					first = i
				}
				if shortest < 0 || len(encoded(t, b.row(i))) < len(encoded(t, b.row(shortest))) {
					shortest = i
				}
			}
			if first >= 0 {
				b.sameRow(t, shortest)
				b.sameItems(t, first)
			}
		})
	}
}

// sameRow checks that a row which occurs thousands of times is one record, and that the cost is linear in the number of rows.
func (b *answer) sameRow(t *testing.T, row int) {
	t.Helper()
	got := b.linear(t, "the same row", b.rows(), b.row(row), many)
	if !reflect.DeepEqual(got.Records, b.single[row].Records) {
		t.Errorf("the same row %d times: %d records, or a different one than for the row alone", 2*many, len(got.Records))
	}
}

// sameItems checks the same for each list in a row.
func (b *answer) sameItems(t *testing.T, row int) {
	t.Helper()
	for _, at := range b.places {
		list, ok := get(b.document, at).([]any)
		if in, _ := b.place(at); !ok || in != row || len(list) == 0 {
			continue
		}
		got := b.linear(t, "the same item", at, list[0], manyItems)
		for id := range b.baseline.Records {
			record, there := got.Records[id]
			if !there {
				t.Errorf("the same item %d times in %v: the row of %s is missing", 2*manyItems, at, id)
			} else if n := len(encoded(t, record)); n > largeRecord {
				t.Errorf("the same item %d times in %v: the record of %s has %d bytes", 2*manyItems, at, id, n)
			}
		}
	}
}

// linear reads the answer with many repetitions of an item in a list, and then with twice as many. If the cost were quadratic, it would be four times as
// high.
func (b *answer) linear(t *testing.T, what string, at []any, item any, many int) (got Content) {
	t.Helper()
	once, twice := b.repeated(t, at, item, many), b.repeated(t, at, item, 2*many)
	few := allocated(func() { got = b.must(t, once) })
	more := allocated(func() { got = b.must(t, twice) })
	if more > 3*few+elsewhere {
		t.Errorf("%s in %v: %d times take %d bytes, and twice as many %d", what, at, many, few, more)
	}
	return got
}

// emptyRows checks the memory for empty rows, and that their loss is reported.
func (b *answer) emptyRows(t *testing.T) {
	t.Helper()
	body := b.repeated(t, b.rows(), map[string]any{}, 10*many)
	var got Content
	if n := allocated(func() { got = b.must(t, body) }); n > 10*many*mostPerRow && !b.Slow {
		t.Errorf("%d empty rows take %d bytes", 10*many, n)
	}
	if len(got.Records) > 0 || got.Complete || lost(got) != 10*many {
		t.Errorf("%d empty rows: %d records, complete %v, %d rows lost", 10*many, len(got.Records), got.Complete, lost(got))
	}
}

func (b *answer) row(i int) any { return get(b.document, append(b.rows(), i)) }

// repeated returns the answer with a list of repetitions of one item in some place.
func (b *answer) repeated(t *testing.T, at []any, item any, times int) []byte {
	t.Helper()
	const list = "the-list"
	text := string(encoded(t, item))
	body := encoded(t, put(b.document, at, list))
	return bytes.Replace(body, []byte(`"`+list+`"`), []byte("["+strings.Repeat(text+",", times-1)+text+"]"), 1)
}

func (b *answer) must(t *testing.T, body []byte) Content {
	t.Helper()
	got, err := b.Read(body)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// allocated returns the number of bytes that the process allocates while f runs.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc) //nolint:gosec // a test allocates less
}
