package directory_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"pgregory.net/rapid"

	"roster/internal/directory"
)

// Collators are not safe for concurrent use, and expensive to make.
var collators = sync.Pool{New: func() any { return collate.New(language.Und) }}

// before compares two rows in an order.
func before(a, b row, field int, desc bool) int {
	x, y := a.values[field], b.values[field]
	if x.none != y.none {
		if y.none {
			return -1
		}
		return 1
	}
	c := 0
	if !x.none {
		collator := collators.Get().(*collate.Collator)
		defer collators.Put(collator)
		c = cmp.Or(collator.CompareString(x.name, y.name), strings.Compare(x.text, y.text), cmp.Compare(x.n, y.n))
	}
	if desc {
		c = -c
	}
	return cmp.Or(c, strings.Compare(a.id, b.id))
}

func TestPagesArePartsOfTheSortedList(t *testing.T) {
	t.Parallel()
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "company"), 0))
				n := rapid.SampledFrom([]int{0, 1, 3, 12, 80}).Draw(t, "records")
				d := directory.Build(directory.Rules{}, sized(rng, n))
				rows := l.rows(d)
				field, desc := rapid.IntRange(0, l.fields-1).Draw(t, "field"), l.fields > 1 && rapid.Bool().Draw(t, "descending")
				source := rapid.SampledFrom([]string{"", "worksection", "altcraft"}).Draw(t, "source")

				slices.SortFunc(rows, func(a, b row) int { return before(a, b, field, desc) })
				matching := slices.DeleteFunc(slices.Clone(rows), func(r row) bool { return source != "" && !slices.Contains(r.sources, source) })
				lo, hi := 0, len(matching)
				var args directory.PageArgs
				// The cursor may come from a list with another filter.
				anyCursor := func(label string) (string, int) {
					at := rapid.IntRange(0, len(rows)-1).Draw(t, label)
					page, err := l.page(d, "", field, desc, directory.PageArgs{First: new(directory.MaxPageSize)})
					if err != nil {
						t.Fatal(err)
					}
					place, found := slices.BinarySearchFunc(matching, rows[at], func(a, b row) int { return before(a, b, field, desc) })
					if label == "after" && found {
						place++
					}
					return page.Cursors[at], place
				}
				if len(rows) > 0 && rapid.Bool().Draw(t, "has after") {
					cursor, place := anyCursor("after")
					args.After, lo = &cursor, place
				}
				if len(rows) > 0 && rapid.Bool().Draw(t, "has before") {
					cursor, place := anyCursor("before")
					args.Before, hi = &cursor, place
				}
				hi = max(lo, hi)
				from, to := lo, hi
				size := rapid.SampledFrom([]int{0, 1, 2, 7, 100, 500}).Draw(t, "size")
				switch rapid.IntRange(0, 2).Draw(t, "way") {
				case 0:
					args.First = &size
					to = min(hi, lo+size)
				case 1:
					args.Last = &size
					from = max(lo, hi-size)
				default:
					to = min(hi, lo+directory.DefaultPageSize)
				}

				got, err := l.page(d, source, field, desc, args)
				if err != nil {
					t.Fatal(err)
				}
				want := cut{Total: len(matching), Cursors: got.Cursors, Info: directory.PageInfo{HasPreviousPage: from > 0, HasNextPage: to < len(matching)}}
				for _, r := range matching[from:to] {
					want.IDs = append(want.IDs, r.id)
				}
				if len(got.Cursors) > 0 {
					want.Info.StartCursor, want.Info.EndCursor = directory.Text(got.Cursors[0]), directory.Text(got.Cursors[len(got.Cursors)-1])
				}
				if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
					t.Fatalf("-want +got:\n%s", diff)
				}
			})
		})
	}
}

// While records change between pages, each unchanged record occurs exactly once.
func TestPagingWhileRecordsChange(t *testing.T) {
	t.Parallel()
	for name, l := range lists {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) {
				rng := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "company"), 0))
				n := rapid.IntRange(0, 25).Draw(t, "records")
				data := sized(rng, n)
				field, desc := rapid.IntRange(0, l.fields-1).Draw(t, "field"), l.fields > 1 && rapid.Bool().Draw(t, "descending")
				source := rapid.SampledFrom([]string{"", "worksection", "altcraft"}).Draw(t, "source")
				backwards := rapid.Bool().Draw(t, "backwards")
				size := rapid.IntRange(1, 8).Draw(t, "size")

				same := map[string]sortValue{} // items that have not changed so far
				left := map[string]bool{}
				seen := map[string]int{}
				args := directory.PageArgs{First: &size}
				if backwards {
					args = directory.PageArgs{Last: &size}
				}
				for page := 0; ; page++ {
					d := directory.Build(directory.Rules{}, data)
					now := map[string]sortValue{}
					for _, r := range l.rows(d) {
						if source == "" || slices.Contains(r.sources, source) {
							now[r.id] = r.values[field]
						}
					}
					if page == 0 {
						for id, v := range now {
							same[id] = v
						}
					}
					for id, v := range same {
						if w, there := now[id]; !there || w != v {
							left[id] = true
						}
					}
					got, err := l.page(d, source, field, desc, args)
					if err != nil {
						t.Fatalf("page %d: %v", page, err)
					}
					for _, id := range got.IDs {
						seen[id]++
					}
					more := got.Info.HasNextPage
					if backwards {
						more = got.Info.HasPreviousPage
					}
					if !more {
						break
					}
					if page > 10*n+10 {
						t.Fatal("the pages do not end")
					}
					if backwards {
						args.Before = (*string)(&got.Info.StartCursor)
					} else {
						args.After = (*string)(&got.Info.EndCursor)
					}
					data = changed(rng, data, n)
				}
				for id := range same {
					if !left[id] && seen[id] != 1 {
						t.Errorf("%s did not change and occurs %d times", id, seen[id])
					}
				}
			})
		})
	}
}
