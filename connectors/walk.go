package connectors

import (
	"context"
	"slices"
)

const (
	maxPages    = 100_000
	maxRestarts = 2
	// maxEmptyPages is how many pages in a row may have no new row. One can happen if as many rows were added as a page holds.
	maxEmptyPages = 5
	// usualLimit divides the page limits of servers. A smaller number would take many complete lists for pages that were cut.
	usualLimit = 50
)

// Page is one answer with rows of a list.
type Page[R any] struct {
	Rows []R
	// Offset is the number of rows of the list before the first of these: the requested offset, or a smaller one.
	Offset int
	// Total is the number of rows of the whole list that the source reports; nil if it reports none.
	Total *int
	// Last is whether the source reports this page as the last; nil if it does not say. Then Total or a short page shows the end.
	Last *bool
	// Asked is the number of requested rows; zero if that is not known. A page with that many rows may have been cut.
	Asked int
	// Contradicts is true if another number of the answer contradicts its rows, such as a count of them.
	Contradicts bool
}

// contradicts reports whether the numbers of the page contradict its rows, or each other, such as more rows than the total. An empty page
// after the total is no contradiction, because rows may have been deleted since the page before.
func (p *Page[R]) contradicts() bool {
	end := p.Offset + len(p.Rows)
	switch {
	case p.Contradicts, p.Total != nil && *p.Total < 0:
		return true
	case p.Total == nil || len(p.Rows) == 0:
		return false
	}
	return *p.Total < end || p.Last != nil && *p.Last != (*p.Total == end)
}

// full reports whether the page may have been cut: it has as many rows as were requested, or as the longest page before. The first page may also
// have been cut if its length is a multiple of usualLimit.
func (p *Page[R]) full(longest int) bool {
	n := len(p.Rows)
	if longest == 0 {
		return p.Asked > 0 && n >= p.Asked || n%usualLimit == 0
	}
	return p.Asked > 0 && n >= p.Asked || n >= longest
}

// Walk reads a paged list to its end while others change it. A page is requested by the number of rows before it. If a row before the current
// page is deleted, all later rows move up, and the next page would miss one. Therefore each page begins with the last row of the page before. If
// that row is not in the page, the overlap is lost: Walk steps back until a page contains it, or begins again if no page does.
//
// This does not depend on the time between two pages, so that Run can be called again after an error of Fetch, and resumes there. A Walk
// is for one fetch, and for one goroutine at a time.
//
// Walk trusts the source's numbers only if they can be true. After a full page that is reported as the last, it makes one more request, which
// must return nothing new. If numbers contradict the rows, Walk reads until a page is short, and the result is not whole.
type Walk[R any] struct {
	// Fetch returns the page that begins with the row at the offset, counted from 0, or with an earlier one.
	Fetch func(ctx context.Context, offset int) (Page[R], error)
	// Key returns the ID of a row; empty if it has none.
	Key func(R) string
	// Compare is the order of the keys in which the rows were requested; nil for none. In that order, a page that begins before the last row
	// overlaps even if that row has been deleted.
	Compare func(a, b string) int
	// MaxRows is the largest allowed number of rows; zero for the default.
	MaxRows int
	// Fail returns the error for a list that cannot be read, with the latest page as its subject.
	Fail func(detail string) error

	Begin func()           // called at the beginning and when Walk begins again: discards all rows
	Take  func([]R)        // receives the new rows of each page, and all rows without a key
	Tell  func(total *int) // called after each page but the last, with the reported total

	offset   int
	pages    int
	restarts int
	taken    int  // the number of rows given to Take since Begin
	failed   bool // the last call of Fetch failed
	s        *attempt
	end      End
}

// End is how a walk ended.
type End struct {
	// Total is the last number of rows that the source reported; nil if it reported none.
	Total *int
	// Whole is true if the last row was reached without a gap.
	Whole bool
	// InOrder is true if all rows came in the requested order.
	InOrder bool
}

// Complete reports whether the n records that were found include every record that existed throughout the walk. In order, overlapping pages
// leave none out, and a larger total only means that records were created meanwhile, before the current page. Without an order, a larger total
// may also mean that the source does not show some records.
func (e End) Complete(n int) bool { return e.Whole && (e.InOrder || e.Total == nil || n >= *e.Total) }

// attempt is one attempt to read the list from its beginning.
type attempt struct {
	seen    map[string]bool
	inOrder bool   // all pages so far were in the requested order
	last    string // the key with which the next page must overlap
	longest int    // the rows of the longest page
	full    bool   // the latest page may have been cut
	doubt   bool   // a number of the source contradicted its rows
	empty   int    // the number of empty pages in a row: those without a new row
	lost    int    // how often the overlap was lost since the last new row
	back    bool   // Walk is stepping back
}

// Run reads the list to its end. After an error, Resumable reports whether Run can resume.
func (w *Walk[R]) Run(ctx context.Context) (End, error) {
	if w.s == nil {
		w.begin()
	}
	for {
		p, err := w.next(ctx)
		if err != nil {
			return w.end, err
		}
		over, lost, err := w.page(p)
		switch {
		case err != nil, over:
			return w.end, err
		case !lost:
		case w.restarts == maxRestarts:
			return End{Total: w.end.Total}, w.Fail("the list keeps changing its order while it is read")
		default:
			w.restarts++
			w.begin()
		}
	}
}

// Resumable reports whether Run can resume after its error: the error is one of Fetch, and the rows come in order, so that later changes hide no
// record.
func (w *Walk[R]) Resumable() bool { return w.failed && w.s.inOrder && len(w.s.seen) > 0 }

// Pages returns the number of pages that have been read.
func (w *Walk[R]) Pages() int { return w.pages }

func (w *Walk[R]) begin() {
	w.Begin()
	w.s = &attempt{seen: make(map[string]bool), inOrder: w.Compare != nil}
	w.offset, w.taken, w.end = 0, 0, End{}
}

func (w *Walk[R]) next(ctx context.Context) (Page[R], error) {
	p, err := w.Fetch(ctx, w.offset)
	if w.failed = err != nil; w.failed {
		return p, err
	}
	w.end.Total = p.Total
	if p.Offset > w.offset || p.Offset < 0 {
		return p, w.Fail("it sends another page than the one requested")
	}
	if w.pages++; w.pages > maxPages {
		return p, w.Fail("the list does not end")
	}
	w.s.full = p.full(w.s.longest)
	w.s.doubt = w.s.doubt || p.contradicts()
	w.s.longest = max(w.s.longest, len(p.Rows))
	w.s.inOrder = w.s.inOrder && w.sorted(p.Rows)
	w.end.InOrder = w.s.inOrder
	return p, nil
}

// page processes a page, and reports whether it is the last, or whether Walk must begin again.
func (w *Walk[R]) page(p Page[R]) (over, lost bool, err error) {
	s := w.s
	if len(p.Rows) == 0 && (p.Offset == 0 || (p.Total != nil && p.Offset < *p.Total)) {
		w.end.Whole = !s.doubt && (p.Total == nil || *p.Total <= p.Offset)
		return true, false, nil
	}
	if len(p.Rows) == 0 || !w.overlaps(p) {
		if p.Offset == 0 || s.overlapLost() {
			return false, true, nil
		}
		w.offset = max(0, min(w.offset, p.Offset)-max(1, s.longest-1))
		return false, false, nil
	}
	fresh, gained, at := w.newRows(p.Rows)
	s.back = false
	most := Bounds{Rows: w.MaxRows}.OrDefault().Rows
	if w.taken += len(fresh); w.taken > most {
		return false, false, w.Fail(DetailTooManyRows(most))
	}
	w.Take(fresh)
	if s.empty++; gained {
		s.empty, s.lost = 0, 0
	} else if s.empty == maxEmptyPages {
		return false, false, w.Fail("it sends the same rows again and again")
	}
	if w.ended(&p, gained, at) {
		return true, false, nil
	}
	w.offset = p.Offset + at
	w.Tell(p.Total)
	return false, false, nil
}

// ended reports whether an overlapping page is the last one. At is the index of the row with which the next page would overlap.
func (w *Walk[R]) ended(p *Page[R], gained bool, at int) bool {
	hasEnd := p.Total != nil || p.Last != nil
	atEnd := p.Last != nil && *p.Last || p.Total != nil && p.Offset+len(p.Rows) >= *p.Total
	over := false
	switch s := w.s; {
	case s.doubt, !hasEnd: // a short page is the end
		over = !gained && len(p.Rows) < s.longest
	case atEnd:
		over = !s.full || !gained || at == 0
	}
	w.end.Whole = over && !w.s.doubt
	return over || at == 0 // with one row in a page, the next page cannot overlap
}

// overlaps reports whether no row can be missing between the earlier pages and this one.
func (w *Walk[R]) overlaps(p Page[R]) bool {
	if len(w.s.seen) == 0 {
		return true
	}
	if w.s.inOrder && (p.Offset == 0 || w.compare(w.Key(p.Rows[0]), w.s.last) <= 0) {
		return true
	}
	return slices.ContainsFunc(p.Rows, func(r R) bool { return w.Key(r) == w.s.last })
}

// overlapLost records that the overlap is lost, and reports whether this is the second time without a new row in between.
func (s *attempt) overlapLost() bool {
	if !s.back {
		s.back = true
		s.lost++
	}
	return s.lost > 1
}

// newRows returns the rows that Take has not received, whether any of them is certainly new (a row without a key may not be), and the index of the
// last row with which the next page can overlap.
func (w *Walk[R]) newRows(rows []R) (fresh []R, gained bool, at int) {
	s := w.s
	fresh = make([]R, 0, len(rows))
	for i, r := range rows {
		key := w.Key(r)
		if key != "" {
			at = i
			if !s.inOrder || s.last == "" || w.Compare(key, s.last) > 0 {
				s.last = key
			}
		}
		if key == "" || !s.seen[key] {
			fresh = append(fresh, r)
		}
		if key != "" && !s.seen[key] {
			s.seen[key], gained = true, true
		}
	}
	return fresh, gained, at
}

// sorted reports whether the keys are strictly ascending. If a key is repeated, the source has sent one row in the place of another.
func (w *Walk[R]) sorted(rows []R) bool {
	last := ""
	for _, r := range rows {
		key := w.Key(r)
		if key == "" {
			continue
		}
		if last != "" && w.Compare(last, key) >= 0 {
			return false
		}
		last = key
	}
	return true
}

// compare ignores rows without a key.
func (w *Walk[R]) compare(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	return w.Compare(a, b)
}
