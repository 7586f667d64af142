package conntest

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"roster/connectors"
)

// maxChecks limits the checks of OddValues for one answer.
const maxChecks = 1500

// OddValues puts every kind of value in every place of the answers, one at a time. Only the replaced value may be lost: all other rows are unchanged, and the
// row keeps its other fields. If its ID cannot be used, the row is left out, which is counted and makes the listing incomplete. If the value is outside
// the rows, the answer may be rejected, but must not be read as a complete one that lacks rows.
func OddValues(t *testing.T, answers ...Answer) {
	t.Helper()
	for _, a := range answers {
		t.Run(a.Name, func(t *testing.T) {
			t.Parallel()
			b := a.open(t)
			values := slices.Concat(oddValues, hostileValues)
			every := 1 + len(b.places)*len(values)/maxChecks
			for i, at := range b.places {
				for j, odd := range values {
					if (i+j)%every == 0 { // in a large answer, each place gets some of the values, and its neighbours get others
						b.check(t, at, odd)
					}
				}
				row, _ := b.place(at)
				if row == 0 {
					b.check(t, at, notUTF8)
				}
				if row == 0 && !b.Slow {
					b.check(t, at, hugeMark(i%len(hugeValues)))
				}
			}
		})
	}
}

// FuzzOddValues is OddValues with any value in any place.
func FuzzOddValues(f *testing.F, answers ...Answer) {
	f.Helper()
	var open []*answer
	for i, a := range answers {
		open = append(open, a.open(f))
		for j, odd := range oddValues {
			f.Add(i, 7*j, odd)
		}
	}
	f.Fuzz(func(t *testing.T, which, place int, odd string) {
		if !json.Valid([]byte(odd)) || len(odd) > 1<<10 {
			return
		}
		b := open[index(which, len(open))]
		b.check(t, b.places[index(place, len(b.places))], odd)
	})
}

func index(i, n int) int { return int(uint(i) % uint(n)) }

// check puts a value in a place, and checks the result.
func (b *answer) check(t *testing.T, at []any, odd string) {
	t.Helper()
	was, v := get(b.document, at), decoded(t, []byte(odd))
	if _, flag := was.(bool); flag && reflect.TypeOf(was) == reflect.TypeOf(v) {
		return // the opposite value of a flag is valid
	}
	body := encoded(t, put(b.document, at, v))
	got, err := b.Read(body)
	place := fmt.Sprintf("%.100s in the place of %v", odd, at)
	for i, huge := range hugeValues {
		if odd == hugeMark(i) {
			place = fmt.Sprintf("%.20s…, %d bytes, in the place of %v", huge, len(huge), at)
		}
	}
	row, key := b.place(at)
	if row < 0 {
		b.checkAround(t, at, v, odd, got, err)
		return
	}
	if err != nil {
		t.Fatalf("%s: %v", place, err)
	}
	for id, record := range got.Records {
		if strings.HasPrefix(odd, hugePrefix) && len(encoded(t, record)) > largeRecord {
			t.Errorf("%s: the record of %s keeps %d bytes of it", place, id, len(encoded(t, record)))
		}
		if !valid(reflect.ValueOf(record)) {
			t.Errorf("%s: the record of %s has invalid UTF-8", place, id)
		}
	}
	own := b.single[row]
	names := key == "" || key == b.ID && len(at) == len(b.Rows)+2
	if names {
		for id := range b.alone(t, get(put(b.document, at, v), at[:len(b.Rows)+1])).Records {
			if _, others := b.baseline.Records[id]; others {
				return // it now has the ID of another row, or its own ID in another form
			}
		}
	}
	for id, want := range b.baseline.Records {
		now, there := got.Records[id]
		_, its := own.Records[id]
		switch {
		case !its && !reflect.DeepEqual(want, now):
			t.Errorf("%s: the row of %s has changed: %s", place, id, strings.Join(differing(want, now), ", "))
		case !its || names || there && slices.Contains(b.Hides, key):
		case !there && !slices.Contains(b.Hides, key):
			t.Errorf("%s: its row is missing", place)
		case there:
			for _, field := range differing(want, now) {
				if !slices.Contains(b.affected(at), field) {
					t.Errorf("%s: it changes %s", place, field)
				}
			}
		}
	}
	if names && len(own.Records) > 0 && len(got.Records) < len(b.baseline.Records) && (got.Complete || lost(got) <= lost(b.baseline)) {
		t.Errorf("%s: the row is left out, complete %v, with the anomalies %v", place, got.Complete, got.Anomalies)
	}
}

// checkAround checks the result for a value outside the rows.
func (b *answer) checkAround(t *testing.T, at []any, v any, odd string, got Content, err error) {
	t.Helper()
	holds := len(at) == len(b.Rows) && slices.Equal(b.Rows, texts(at))
	if items, list := v.([]any); err != nil || !got.Complete || holds && (slices.Contains(b.None, odd) || list && len(items) == 0) {
		return
	}
	if !slices.Contains(oddValues, odd) && len(at) <= len(b.Rows) && slices.Equal(b.Rows[:len(at)], texts(at)) {
		return // the value may contain other rows
	}
	if !reflect.DeepEqual(b.baseline.Records, got.Records) {
		t.Errorf("%.100s in the place of %v: complete, with %d records in place of %d", odd, at, len(got.Records), len(b.baseline.Records))
	}
}

// affected returns the fields that may depend on a place in a row.
func (b *answer) affected(at []any) []string {
	keys := texts(at[len(b.Rows)+1:])
	for n := len(keys); n > 0; n-- {
		if fields, ok := b.Fields[strings.Join(keys[:n], ".")]; ok {
			return fields
		}
	}
	return nil
}

// alone reads the answer with only that row.
func (b *answer) alone(t testing.TB, row any) Content {
	t.Helper()
	got, err := b.Read(encoded(t, put(b.document, b.rows(), []any{row})))
	if err != nil {
		t.Fatalf("a row alone: %v", err)
	}
	return got
}

// lost returns the number of rows that were left out.
func lost(r Content) int {
	n := 0
	for _, a := range r.Anomalies {
		if a.Field == connectors.FieldID {
			n += a.Count
		}
	}
	return n
}
