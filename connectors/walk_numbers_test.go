package connectors_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/connectors"
)

// numbers is what a page says besides its rows.
type numbers struct {
	total       *int
	last        *bool
	contradicts bool
}

// list serves rows in pages of at most size, with numbers that say may choose.
type list struct {
	rows  []string
	size  int
	asked int
	say   func(from, to int) numbers
	calls int
}

func (l *list) walk(ordered bool, got *[]string) connectors.Walk[string] {
	w := connectors.Walk[string]{
		Fetch: func(_ context.Context, offset int) (connectors.Page[string], error) {
			if l.calls++; l.calls > 1000 {
				return connectors.Page[string]{}, errors.New("it does not end")
			}
			from := min(offset, len(l.rows))
			to := min(from+l.size, len(l.rows))
			says := l.say(from, to)
			return connectors.Page[string]{Rows: l.rows[from:to], Offset: offset, Asked: l.asked, Total: says.total, Last: says.last,
				Contradicts: says.contradicts}, nil
		},
		Key:   func(r string) string { return r },
		Fail:  func(detail string) error { return errors.New(detail) },
		Begin: func() { *got = nil },
		Take:  func(rows []string) { *got = append(*got, rows...) },
		Tell:  func(*int) {},
	}
	if ordered {
		w.Compare = strings.Compare
	}
	return w
}

func rowsUpTo(n int) []string {
	var rows []string
	for i := range n {
		rows = append(rows, id(i))
	}
	return rows
}

// TestWalkNumbersThatLie has a source whose rows are right and whose numbers are anything: all rows are read, and never is the walk complete without.
func TestWalkNumbersThatLie(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		l := &list{rows: rowsUpTo(rapid.IntRange(0, 70).Draw(t, "rows")), size: rapid.IntRange(2, 25).Draw(t, "page size")}
		l.asked = l.size
		if rapid.Bool().Draw(t, "the server has its own limit") { // not an unusual one: a page that is cut to that looks like a whole list
			l.rows, l.size = rowsUpTo(rapid.IntRange(0, 170).Draw(t, "rows")), 50
			l.asked = rapid.SampledFrom([]int{0, 100}).Draw(t, "asked for")
		}
		ordered := rapid.Bool().Draw(t, "ordered")
		if !ordered {
			l.rows = rapid.Permutation(l.rows).Draw(t, "order")
		}
		honest := true
		l.say = func(from, to int) (says numbers) {
			all := len(l.rows)
			if rapid.Bool().Draw(t, "tells a total") {
				total := rapid.OneOf(rapid.Just(all), rapid.SampledFrom([]int{-1, 0, 1, to, to - from, all - 1, all + 1}), rapid.IntRange(0, 200)).Draw(t, "total")
				says.total = &total
				honest = honest && total == all
			}
			if rapid.IntRange(0, 3).Draw(t, "tells the last") == 0 {
				last := rapid.Bool().Draw(t, "last")
				says.last = &last
				honest = honest && last == (to == all)
			}
			if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
				says.contradicts, honest = true, false
			}
			return says
		}
		var got []string
		w := l.walk(ordered, &got)
		end, err := w.Run(context.Background())
		if err != nil {
			t.Fatalf("all rows can be read: %v", err)
		}
		slices.Sort(got)
		if all := rowsUpTo(len(l.rows)); end.Complete(len(got)) && !slices.Equal(got, all) {
			t.Fatalf("complete with %d of %d rows", len(got), len(all))
		}
		if honest && len(l.rows) != 1 && !end.Complete(len(got)) { // one row that nobody counts may be the first of many
			t.Fatalf("%d of %d rows by right numbers, and not complete", len(got), len(l.rows))
		}
		if len(l.rows) > 0 && len(got) == 0 {
			t.Fatal("nothing is read")
		}
	})
}

func TestWalkNumbers(t *testing.T) {
	t.Parallel()
	always := func(total int) func(int, int) numbers {
		return func(int, int) numbers { return numbers{total: &total} }
	}
	lasts := func(last bool) func(int, int) numbers { return func(int, int) numbers { return numbers{last: &last} } }
	for name, tc := range map[string]struct {
		rows, size, asked int
		say               func(from, to int) numbers
		read              int
		complete          bool
		calls             int
	}{
		"right":                                {120, 50, 100, always(120), 120, true, 3},
		"0 beside rows":                        {120, 50, 100, always(0), 120, false, 4},
		"0 beside rows, of one page":           {7, 50, 100, always(0), 7, false, 2},
		"0 and no rows":                        {0, 50, 100, always(0), 0, true, 1},
		"negative":                             {7, 50, 100, always(-1), 7, false, 2},
		"negative and no rows":                 {0, 50, 100, always(-1), 0, false, 1},
		"the rows of a full page, in all":      {120, 50, 100, always(50), 120, false, 4},
		"the rows of a full page, if so":       {50, 50, 100, always(50), 50, true, 2},
		"the rows of a full page of the most":  {100, 100, 100, always(100), 100, true, 2},
		"above the rows":                       {120, 50, 100, always(121), 120, false, 4},
		"below the rows, seen later":           {120, 50, 100, always(119), 120, false, 4},
		"right, a round number of one page":    {20, 50, 100, always(20), 20, true, 1},
		"the last page is full":                {99, 50, 100, always(99), 99, true, 3},
		"as many as so far":                    {120, 50, 100, func(_, to int) numbers { return numbers{total: &to} }, 120, true, 3},
		"a full page is called the last":       {120, 100, 100, lasts(true), 120, true, 2},
		"no page is called the last":           {120, 100, 100, lasts(false), 120, false, 8},
		"the last page is called so, not full": {7, 100, 100, lasts(true), 7, true, 1},
		"another number contradicts the rows":  {7, 100, 100, func(int, int) numbers { return numbers{contradicts: true} }, 7, false, 2},
		"the total falls to less than the rows": {120, 50, 100, func(from, _ int) numbers {
			total := 120
			if from > 0 {
				total = 60
			}
			return numbers{total: &total}
		}, 120, false, 4},
		"the total grows with the rows": {120, 50, 100, func(from, _ int) numbers {
			total := 118
			if from > 0 {
				total = 120
			}
			return numbers{total: &total}
		}, 120, true, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &list{rows: rowsUpTo(tc.rows), size: tc.size, asked: tc.asked, say: tc.say}
			var got []string
			w := l.walk(true, &got)
			end, err := w.Run(t.Context())
			if err != nil && tc.complete {
				t.Fatal(err)
			}
			if len(got) != tc.read || end.Complete(len(got)) != tc.complete || l.calls > tc.calls {
				t.Errorf("%d rows, complete %v, %d calls; want %d, %v, at most %d", len(got), end.Complete(len(got)), l.calls, tc.read, tc.complete, tc.calls)
			}
		})
	}
	t.Run("a row twice in the place of another", func(t *testing.T) {
		t.Parallel()
		l := &list{rows: []string{id(0), id(0), id(2)}, size: 50, asked: 100, say: always(3)}
		var got []string
		w := l.walk(true, &got)
		if end, err := w.Run(t.Context()); err != nil || end.Complete(2) {
			t.Errorf("complete %v with 2 of 3 people, %v", end.Complete(2), err)
		}
	})
}

// A list that has more rows than are allowed is not read to its end, and what was read until then stays.
func TestWalkOfTooManyRows(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		rows, most int
		fails      bool
	}{
		"as many as are allowed": {30, 30, false},
		"one more":               {31, 30, true},
		"on the first page":      {10, 5, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := &list{rows: rowsUpTo(tt.rows), size: 10, asked: 10, say: func(int, int) numbers { return numbers{} }}
			var got []string
			w := l.walk(true, &got)
			w.MaxRows = tt.most
			end, err := w.Run(t.Context())
			if tt.fails != (err != nil) || len(got) > tt.most {
				t.Fatalf("%d rows, %v", len(got), err)
			}
			if tt.fails && (end.Complete(len(got)) || w.Resumable() || !strings.Contains(err.Error(), "max_rows")) {
				t.Errorf("complete %v, resumable %v, %v", end.Complete(len(got)), w.Resumable(), err)
			}
			if tt.rows > 20 && len(got) < 20 {
				t.Errorf("%d rows are left of what was read", len(got))
			}
		})
	}
}
