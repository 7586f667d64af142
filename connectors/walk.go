package connectors

import (
	"context"
	"slices"
)

const (
	maxPages    = 100_000
	maxRestarts = 2
	// maxBarren is how many pages in a row may bring nothing new: after one, somebody may have added as many rows as a page holds.
	maxBarren = 5
	// usualLimit is what the limits of servers that cut pages are multiples of. A smaller unit would take many a whole list for one that was cut.
	usualLimit = 50
)

// Page is one answer of a list.
type Page[R any] struct {
	Rows []R
	// Offset is how many rows of the list stand before the first of these: as many as were asked for, or fewer.
	Offset int
	// Total is how many rows the whole list has, by the source's word; nil if it does not say.
	Total *int
	// Last says whether nothing follows, by the source's word; nil if it does not say. Then it is the total that tells, or a short page.
	Last *bool
	// Asked is how many rows were asked for; zero if that is not known. A page with as many may have been cut.
	Asked int
	// Contradicts is true if another number of the answer contradicts its rows, such as a count of them.
	Contradicts bool
}

// contradicts reports whether the numbers of the page contradict its rows, or each other. More rows than the total are a contradiction. An empty page
// behind the total is none: rows may have been deleted since the page before.
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

// full reports whether the page may have been cut: it has as many rows as were asked for, or as the longest page before it, or, where there is none, as a
// usual limit.
func (p *Page[R]) full(longest int) bool {
	n := len(p.Rows)
	if longest == 0 {
		return p.Asked > 0 && n >= p.Asked || n%usualLimit == 0
	}
	return p.Asked > 0 && n >= p.Asked || n >= longest
}

// Walk reads a list to its end while others change it. Pages are found by counting rows, so that a row which vanishes before the place
// where we are makes all later ones move up, and the next page misses one. Therefore each page begins with the last row of the one
// before; where it does not, we step back until it is found again, and where it cannot be found we begin anew.
//
// That holds however long ago the page before was read, so that a walk which an error of Fetch has stopped can be run again, and goes on
// from there. A walk is for one reading, and for one goroutine at a time.
//
// The source's own numbers end a walk only while they can be true. A full page that is said to be the last is followed by one more request, which finds
// nothing new if that is so. If numbers contradict the rows, the walk goes on until the rows end by themselves, and is not whole.
type Walk[R any] struct {
	// Fetch returns the page that holds the row at that place, counted from 0, and those behind it.
	Fetch func(ctx context.Context, offset int) (Page[R], error)
	// Key returns a row's ID; empty for one that has none.
	Key func(R) string
	// Compare is the order of keys in which the rows were asked for; nil for none. In that order, a page that begins before the last row
	// joins on even if that row itself is gone.
	Compare func(a, b string) int
	// MaxRows is how many rows the list may have; zero for the default.
	MaxRows int
	// Fail makes the error for a list that cannot be read, about the latest page.
	Fail func(detail string) error

	Begin func()           // forgets everything taken
	Take  func([]R)        // gets each page's rows that have not been taken yet; those without a key each time
	Tell  func(total *int) // is called after each page but the last

	offset   int
	pages    int
	restarts int
	taken    int // rows, since the beginning
	broken   bool
	s        *stretch
	end      End
}

// End is how a walk ended.
type End struct {
	// Total is how many rows the list has, by the source's latest word; nil if it does not say.
	Total *int
	// Whole is true if the last row was reached without a gap.
	Whole bool
	// InOrder is true if all rows came in the order that was asked for.
	InOrder bool
}

// Complete reports whether a walk's end shows that all are among the n that were found who were there throughout. In order, pages that join
// have left none of them out, and where the source counts more, those have come meanwhile, behind us. Without an order that cannot be told
// from rows that the source holds back.
func (e End) Complete(n int) bool { return e.Whole && (e.InOrder || e.Total == nil || n >= *e.Total) }

// stretch is one attempt at a walk.
type stretch struct {
	seen    map[string]bool
	inOrder bool   // all pages so far were in the order of the keys, as they ought to be
	last    string // the key at which the next page must join on
	longest int    // rows of the longest page: what the source allows
	full    bool   // the latest page may have been cut
	doubt   bool   // the source's numbers have contradicted its rows
	barren  int    // pages in a row with nothing new
	slips   int    // how often the thread was lost since something new came
	back    bool   // stepping back
}

// Run reads to the end. After an error, see Resumable.
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

// Resumable reports whether Run, which has just given an error, can be called again to go on: a page could not be had, and rows come in an
// order in which what changes meanwhile hides nobody.
func (w *Walk[R]) Resumable() bool { return w.broken && w.s.inOrder && len(w.s.seen) > 0 }

// Pages is how many pages have been read.
func (w *Walk[R]) Pages() int { return w.pages }

func (w *Walk[R]) begin() {
	w.Begin()
	w.s = &stretch{seen: make(map[string]bool), inOrder: w.Compare != nil}
	w.offset, w.taken, w.end = 0, 0, End{}
}

func (w *Walk[R]) next(ctx context.Context) (Page[R], error) {
	p, err := w.Fetch(ctx, w.offset)
	if w.broken = err != nil; w.broken {
		return p, err
	}
	w.end.Total = p.Total
	if p.Offset > w.offset || p.Offset < 0 {
		return p, w.Fail("it gives another page than the one asked for")
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

// page takes a page, and reports whether it is the last, or whether the walk must begin anew.
func (w *Walk[R]) page(p Page[R]) (over, lost bool, err error) {
	s := w.s
	if len(p.Rows) == 0 && (p.Offset == 0 || (p.Total != nil && p.Offset < *p.Total)) {
		w.end.Whole = !s.doubt && (p.Total == nil || *p.Total <= p.Offset)
		return true, false, nil
	}
	if len(p.Rows) == 0 || !w.joins(p) {
		if p.Offset == 0 || s.slipped() {
			return false, true, nil
		}
		w.offset = max(0, min(w.offset, p.Offset)-max(1, s.longest-1))
		return false, false, nil
	}
	fresh, gained, at := w.sift(p.Rows)
	s.back = false
	most := Bounds{Rows: w.MaxRows}.OrDefault().Rows
	if w.taken += len(fresh); w.taken > most {
		return false, false, w.Fail(DetailTooManyRows(most))
	}
	w.Take(fresh)
	if s.barren++; gained {
		s.barren, s.slips = 0, 0
	} else if s.barren == maxBarren {
		return false, false, w.Fail("it gives the same rows again and again")
	}
	if w.ended(&p, gained, at) {
		return true, false, nil
	}
	w.offset = p.Offset + at
	w.Tell(p.Total)
	return false, false, nil
}

// ended reports whether a page that joins is the last one. At is the place in it by which the next page would be joined on.
func (w *Walk[R]) ended(p *Page[R], gained bool, at int) bool {
	told := p.Total != nil || p.Last != nil
	said := p.Last != nil && *p.Last || p.Total != nil && p.Offset+len(p.Rows) >= *p.Total
	over := false
	switch s := w.s; {
	case s.doubt, !told: // the rows end by themselves
		over = !gained && len(p.Rows) < s.longest
	case said:
		over = !s.full || !gained || at == 0
	}
	w.end.Whole = over && !w.s.doubt
	return over || at == 0 // one row at a time: there is nothing to join the pages by
}

// joins reports whether nothing can be missing between what has been taken and this page.
func (w *Walk[R]) joins(p Page[R]) bool {
	if len(w.s.seen) == 0 {
		return true
	}
	if w.s.inOrder && (p.Offset == 0 || w.compare(w.Key(p.Rows[0]), w.s.last) <= 0) {
		return true
	}
	return slices.ContainsFunc(p.Rows, func(r R) bool { return w.Key(r) == w.s.last })
}

// slipped notes that the thread is lost, and reports whether it has been before without anything gained in between.
func (s *stretch) slipped() bool {
	if !s.back {
		s.back = true
		s.slips++
	}
	return s.slips > 1
}

// sift returns the rows that have not been taken, whether any of them is known to be new (rows without a key may be anything), and the
// place of the last row by which the next page can be joined on.
func (w *Walk[R]) sift(rows []R) (fresh []R, gained bool, at int) {
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

// sorted reports whether each row's key comes after the one before. The same key twice is no order: the source has given one row in the place of another.
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

// compare puts rows without a key anywhere: they say nothing about the order.
func (w *Walk[R]) compare(a, b string) int {
	if a == "" || b == "" {
		return 0
	}
	return w.Compare(a, b)
}
