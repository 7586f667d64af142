package rocketchat

import (
	"context"
	"slices"

	"roster/connectors"
	"roster/internal/rest"
)

const (
	// pageSize is the most that a server gives unless told otherwise.
	pageSize    = 100
	maxPages    = 100_000
	maxRestarts = 2
	// maxBarren is how many pages in a row may bring nothing new: after one, somebody may have added as many rows as a page holds.
	maxBarren = 5
)

// page is one answer of a list.
type page[R any] struct {
	resp   *rest.Response
	rows   []R
	offset *int // of the first row, by the server's word
	total  *int // rows of the whole list, by the server's word
}

// walk reads a list to its end while others change it. Pages are found by counting rows, so that a row which vanishes before the place
// where we are makes all later ones move up, and the next page misses one. Therefore each page begins with the last row of the one
// before; where it does not, we step back until it is found again, and where it cannot be found we begin anew.
type walk[R any] struct {
	fetch func(ctx context.Context, offset int) (page[R], error)
	key   func(R) string
	// ordered says that rows were asked for in the order of their keys. Then a page that begins before the last row joins on even if that
	// row itself is gone.
	ordered bool

	begin func()           // forgets everything taken
	take  func([]R)        // gets each page's rows that have not been taken yet; those without a key each time
	tell  func(total *int) // is called after each page but the last
}

// end is how a walk ended.
type end struct {
	total *int
	whole bool // up to the last row, without a gap
}

func (w walk[R]) run(ctx context.Context) (end, error) {
	pages := 0
	for restarts := 0; ; restarts++ {
		w.begin()
		s := stretch[R]{walk: w, seen: make(map[string]bool), inOrder: w.ordered, pages: &pages}
		lost, err := s.run(ctx)
		if err != nil || !lost {
			return s.end, err
		}
		if restarts == maxRestarts {
			return end{total: s.end.total}, s.resp.Fail(connectors.KindBadResponse, "the list keeps changing its order while it is read")
		}
	}
}

// stretch is one attempt at a walk.
type stretch[R any] struct {
	walk[R]
	seen    map[string]bool
	inOrder bool   // all pages so far were in the order of the keys, as they ought to be
	last    string // the key at which the next page must join on
	longest int    // rows of the longest page: what the server allows
	barren  int    // pages in a row with nothing new
	slips   int    // how often the thread was lost since something new came
	back    bool   // stepping back
	pages   *int
	resp    *rest.Response
	end     end
}

// run gives lost where the walk must begin anew.
func (s *stretch[R]) run(ctx context.Context) (lost bool, err error) {
	for offset := 0; ; {
		p, err := s.next(ctx, offset)
		if err != nil {
			return false, err
		}
		if len(p.rows) == 0 && (offset == 0 || (p.total != nil && offset < *p.total)) {
			s.end.whole = p.total == nil || *p.total <= offset
			return false, nil
		}
		if len(p.rows) == 0 || !s.joins(p, offset) {
			if offset == 0 || s.slipped() {
				return true, nil
			}
			offset = max(0, offset-max(1, s.longest-1))
			continue
		}
		fresh, gained, at := s.sift(p.rows)
		s.back = false
		s.take(fresh)
		if s.barren++; gained {
			s.barren, s.slips = 0, 0
		} else if s.barren == maxBarren {
			return false, p.resp.Fail(connectors.KindBadResponse, "it gives the same rows again and again")
		}
		switch done := p.total != nil && offset+len(p.rows) >= *p.total; {
		case done, p.total == nil && !gained && len(p.rows) < s.longest:
			s.end.whole = true
			return false, nil
		case at == 0:
			return false, nil // one row at a time: there is nothing to join the pages by
		}
		offset += at
		s.tell(p.total)
	}
}

func (s *stretch[R]) next(ctx context.Context, offset int) (page[R], error) {
	p, err := s.fetch(ctx, offset)
	if err != nil {
		return p, err
	}
	s.resp, s.end.total = p.resp, p.total
	if p.offset != nil && *p.offset != offset {
		return p, p.resp.Fail(connectors.KindBadResponse, "it gives another page than the one asked for")
	}
	if *s.pages++; *s.pages > maxPages {
		return p, p.resp.Fail(connectors.KindBadResponse, "the list does not end")
	}
	s.longest = max(s.longest, len(p.rows))
	s.inOrder = s.inOrder && slices.IsSortedFunc(p.rows, func(a, b R) int { return cmpKeys(s.key(a), s.key(b)) })
	return p, nil
}

// joins says whether nothing can be missing between what has been taken and this page.
func (s *stretch[R]) joins(p page[R], offset int) bool {
	if len(s.seen) == 0 {
		return true
	}
	if s.inOrder && (offset == 0 || s.key(p.rows[0]) <= s.last) {
		return true
	}
	return slices.ContainsFunc(p.rows, func(r R) bool { return s.key(r) == s.last })
}

// slipped notes that the thread is lost, and says whether it has been before without anything gained in between.
func (s *stretch[R]) slipped() bool {
	if !s.back {
		s.back = true
		s.slips++
	}
	return s.slips > 1
}

// sift gives the rows that have not been taken, whether any of them is known to be new (rows without a key may be anything), and the
// place of the last row by which the next page can be joined on.
func (s *stretch[R]) sift(rows []R) (fresh []R, gained bool, at int) {
	for i, r := range rows {
		key := s.key(r)
		if key != "" {
			at = i
			if !s.inOrder || key > s.last {
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

// cmpKeys puts rows without a key anywhere: they say nothing about the order.
func cmpKeys(a, b string) int {
	switch {
	case a == "" || b == "" || a == b:
		return 0
	case a < b:
		return -1
	}
	return 1
}
