package conntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"roster/connectors"
)

// Answer is a sound answer of a vendor that holds rows, and how its connector reads it.
type Answer struct {
	Name string
	Body []byte // JSON
	// Rows leads to the rows, key by key; ID is the key of a row's ID in them.
	Rows []string
	ID   string
	// Fields says which fields of the record each key of a row decides on, as Access or Kommo.Admin. A key such as rights.leads is about what is in
	// an object, and more than that object's own. A key that is not here decides on nothing.
	Fields map[string][]string
	// Hides are the keys by which a row can say that it is no record.
	Hides []string
	// None are the JSON values, besides [], that the vendor may put in the place of rows where there are none.
	None []string
	// Slow says that the test itself takes long to write an answer, so that no huge values are tried.
	Slow bool
	// Read takes an answer all the way, as the connector does.
	Read func(body []byte) (Reading, error)
}

// Reading is what an answer holds.
type Reading struct {
	Records   map[string]any // by ID
	Complete  bool
	Anomalies []connectors.Anomaly
}

// Read gives a listing as a Reading.
func Read[T connectors.Record](l connectors.Listing[T], err error) (Reading, error) {
	r := Reading{Records: make(map[string]any, len(l.Records)), Complete: l.Complete, Anomalies: l.Anomalies}
	for _, record := range l.Records {
		r.Records[record.Key()] = record
	}
	return r, err
}

// oddValues are of every JSON type.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `1.5`, `-1`, `""`, `"x"`, `[]`, `[1]`, `{}`, `{"a":1}`, `12345678901234567890123`,
}

// hostileValues are beyond what is read of one value.
var hostileValues = []string{
	`"` + strings.Repeat("long ", 1000) + `"`,
	`[` + strings.Repeat(`1,`, 1100) + `1]`,
	`[` + strings.Repeat(`{"a":1},`, 1100) + `{"a":1}]`,
	strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000),
	`4611686018427387904`, `-4611686018427387904`, notUTF8, `{` + notUTF8 + `:` + notUTF8 + `}`,
}

const (
	// notText stands for bytes that are no UTF-8, until an answer is written: it is a character that Unicode never gives a meaning.
	notText = "\ufdd0"
	notUTF8 = `"A` + notText + `a"`
)

// hugeValues are what an attacker sends: each place of the first row gets one of them. It costs what it replaces, as others do.
var hugeValues = []string{
	`"` + strings.Repeat("n", 110_000) + `"`,
	`[` + strings.Repeat(`"tag",`, 20_000) + `"tag"]`,
	`[` + strings.Repeat(`{"address":"a@example.com","value":"v","id":1},`, 2_400) + `{}]`,
	strings.Repeat(`{"a":`, 9900) + `1` + strings.Repeat(`}`, 9900),
	strings.Repeat(`[`, 9900) + strings.Repeat(`]`, 9900),
}

// hugeMark stands for one of the huge values until an answer is written: to read and write those as JSON takes longer than what is tested.
func hugeMark(i int) string { return hugePrefix + strconv.Itoa(i) + `"` }

const hugePrefix = `"` + "\ufdd1"

// largeRecord is more than any record may take of a huge value, as JSON: a list has 1,000 items at most, and JSON that is passed on 64 kB.
const largeRecord = 96 << 10

// maxChecks bounds what OddValues tries in one answer.
const maxChecks = 1500

// OddValues puts every kind of value in every place of the answers, one at a time. It costs what it replaces and no more: every other row is
// unchanged, and the row itself stays with its other fields, unless it is its ID that cannot be used. Then it is left out, which is counted
// and makes the listing incomplete. What is around the rows may make the answer one that cannot be understood, but never a complete one that
// lacks rows.
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
					if (i+j)%every == 0 { // of a large answer each place gets some of the values, and neighbours get others
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

// FuzzOddValues does the same with any value in any place.
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

// answer is an Answer with what it yields as it is.
type answer struct {
	Answer
	document any
	places   [][]any // keys and indexes that lead to each value
	sound    Reading
	own      []Reading // what each row yields alone
}

func (a Answer) open(t testing.TB) *answer {
	t.Helper()
	b := &answer{Answer: a, document: decoded(t, a.Body)}
	var err error
	if b.sound, err = a.Read(encoded(t, b.document)); err != nil {
		t.Fatalf("%s: the answer itself: %v", a.Name, err)
	}
	var walk func(at []any, v any)
	walk = func(at []any, v any) {
		b.places = append(b.places, slices.Clone(at))
		switch v := v.(type) {
		case map[string]any:
			for key, item := range v {
				walk(append(at, key), item)
			}
		case []any:
			for i, item := range v {
				walk(append(at, i), item)
			}
		}
	}
	walk(nil, b.document)
	if rows, listed := get(b.document, b.rows()).([]any); listed {
		for _, row := range rows {
			b.own = append(b.own, b.alone(t, row))
		}
	}
	slices.SortFunc(b.places, func(x, y []any) int { return strings.Compare(fmt.Sprint(x...), fmt.Sprint(y...)) })
	return b
}

func decoded(t testing.TB, body []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // no digit is lost
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

// check puts one value in one place.
func (b *answer) check(t *testing.T, at []any, odd string) {
	t.Helper()
	was, v := get(b.document, at), decoded(t, []byte(odd))
	if _, flag := was.(bool); flag && reflect.TypeOf(was) == reflect.TypeOf(v) {
		return // a flag that says the opposite is not odd
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
		b.around(t, at, v, odd, got, err)
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
			t.Errorf("%s: the record of %s has text that is no UTF-8", place, id)
		}
	}
	own := b.own[row]
	names := key == "" || key == b.ID && len(at) == len(b.Rows)+2
	if names {
		for id := range b.alone(t, get(put(b.document, at, v), at[:len(b.Rows)+1])).Records {
			if _, others := b.sound.Records[id]; others {
				return // it now has the name of another, or its own in another form
			}
		}
	}
	for id, want := range b.sound.Records {
		now, there := got.Records[id]
		_, its := own.Records[id]
		switch {
		case !its && !reflect.DeepEqual(want, now):
			t.Errorf("%s: the row of %s is another than before: %s", place, id, strings.Join(differing(want, now), ", "))
		case !its || names || there && slices.Contains(b.Hides, key):
		case !there && !slices.Contains(b.Hides, key):
			t.Errorf("%s: its row is gone", place)
		case there:
			for _, field := range differing(want, now) {
				if !slices.Contains(b.decided(at), field) {
					t.Errorf("%s: it changes %s", place, field)
				}
			}
		}
	}
	if names && len(own.Records) > 0 && len(got.Records) < len(b.sound.Records) && (got.Complete || lost(got) <= lost(b.sound)) {
		t.Errorf("%s: the row is left out, complete %v, with the anomalies %v", place, got.Complete, got.Anomalies)
	}
}

// around checks what becomes of an answer in which what is around the rows is odd.
func (b *answer) around(t *testing.T, at []any, v any, odd string, got Reading, err error) {
	t.Helper()
	holds := len(at) == len(b.Rows) && slices.Equal(b.Rows, texts(at))
	if items, list := v.([]any); err != nil || !got.Complete || holds && (slices.Contains(b.None, odd) || list && len(items) == 0) {
		return
	}
	if !slices.Contains(oddValues, odd) && len(at) <= len(b.Rows) && slices.Equal(b.Rows[:len(at)], texts(at)) {
		return // it may hold other rows
	}
	if !reflect.DeepEqual(b.sound.Records, got.Records) {
		t.Errorf("%.100s in the place of %v: complete, with %d records in place of %d", odd, at, len(got.Records), len(b.sound.Records))
	}
}

// place gives the row that a place is in, and the key of the row; -1 where it is in none.
func (b *answer) place(at []any) (row int, key string) {
	n := len(b.Rows)
	if len(at) <= n || !slices.Equal(b.Rows, texts(at[:n])) {
		return -1, ""
	}
	row, ok := at[n].(int)
	if !ok {
		return -1, ""
	}
	if len(at) > n+1 {
		key, _ = at[n+1].(string)
	}
	return row, key
}

// decided gives the fields that a place in a row may decide on.
func (b *answer) decided(at []any) []string {
	keys := texts(at[len(b.Rows)+1:])
	for n := len(keys); n > 0; n-- {
		if fields, ok := b.Fields[strings.Join(keys[:n], ".")]; ok {
			return fields
		}
	}
	return nil
}

// alone reads the answer as if it had that row only.
func (b *answer) alone(t testing.TB, row any) Reading {
	t.Helper()
	got, err := b.Read(encoded(t, put(b.document, b.rows(), []any{row})))
	if err != nil {
		t.Fatalf("a row alone: %v", err)
	}
	return got
}

// lost is how many rows have been left out.
func lost(r Reading) int {
	n := 0
	for _, a := range r.Anomalies {
		if a.Field == connectors.FieldID {
			n += a.Count
		}
	}
	return n
}

// rows is the place of the rows.
func (b *answer) rows() []any {
	at := make([]any, len(b.Rows))
	for i, key := range b.Rows {
		at[i] = key
	}
	return at
}

func texts(at []any) []string {
	var keys []string
	for _, step := range at {
		keys = append(keys, fmt.Sprint(step))
	}
	return keys
}

func get(v any, at []any) any {
	for _, step := range at {
		switch step := step.(type) {
		case string:
			v = v.(map[string]any)[step] //nolint:errcheck // a place of this document
		case int:
			v = v.([]any)[step] //nolint:errcheck // as above
		}
	}
	return v
}

// put gives the document with another value in a place; the document itself stays.
func put(document any, at []any, v any) any {
	if len(at) == 0 {
		return v
	}
	switch step := at[0].(type) {
	case string:
		object := make(map[string]any)
		for key, item := range document.(map[string]any) { //nolint:errcheck // as above
			object[key] = item
		}
		object[step] = put(object[step], at[1:], v)
		return object
	default:
		list := slices.Clone(document.([]any))              //nolint:errcheck // as above
		list[step.(int)] = put(list[step.(int)], at[1:], v) //nolint:errcheck // as above
		return list
	}
}

func encoded(t testing.TB, v any) []byte {
	t.Helper()
	body, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(body, []byte(hugePrefix)) {
		for i, huge := range hugeValues {
			body = bytes.ReplaceAll(body, []byte(hugeMark(i)), []byte(huge))
		}
	}
	return bytes.ReplaceAll(body, []byte(notText), []byte("\xff\xfe"))
}

// valid says whether all text in a record is UTF-8.
func valid(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.String:
		return utf8.ValidString(v.String())
	case reflect.Pointer, reflect.Interface:
		return v.IsNil() || valid(v.Elem())
	case reflect.Struct:
		for _, f := range v.Fields() {
			if !valid(f) {
				return false
			}
		}
	case reflect.Map:
		for key, item := range v.Seq2() {
			if !valid(key) || !valid(item) {
				return false
			}
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return utf8.Valid(v.Bytes())
		}
		for _, item := range v.Seq2() {
			if !valid(item) {
				return false
			}
		}
	default: // holds no text
	}
	return true
}

// differing names the fields in which two records differ; those of a vendor's details behind a dot.
func differing(a, b any) []string {
	x, y := flat("", reflect.ValueOf(a)), flat("", reflect.ValueOf(b))
	var names []string
	for name := range x {
		if !reflect.DeepEqual(x[name], y[name]) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func flat(prefix string, v reflect.Value) map[string]any {
	fields := make(map[string]any)
	if !v.IsValid() {
		return fields
	}
	for i := range v.NumField() {
		name, f := prefix+v.Type().Field(i).Name, v.Field(i)
		if prefix == "" && strings.HasSuffix(f.Type().String(), "Details") && !f.IsNil() {
			for inner, value := range flat(name+".", f.Elem()) {
				fields[inner] = value
			}
			continue
		}
		fields[name] = f.Interface()
	}
	return fields
}
