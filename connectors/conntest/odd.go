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

// Answer is a valid answer of a vendor with rows, and the way its connector reads it.
type Answer struct {
	Name string
	Body []byte // JSON
	// Rows is the path of keys to the rows; ID is the key of a row's ID.
	Rows []string
	ID   string
	// Fields has, for each key of a row, the fields of the record that depend on it, such as Access or Kommo.Admin. A key such as rights.leads is that of
	// a value inside an object, and overrides the object's own entry. No field depends on a key that is not here.
	Fields map[string][]string
	// Hides are the keys by which a row can say that it is not a record.
	Hides []string
	// None are the JSON values, besides [], that the vendor may send instead of rows if there are none.
	None []string
	// Slow is true if the test takes long to write an answer. Then no huge values are tested.
	Slow bool
	// Read reads an answer as the connector does.
	Read func(body []byte) (Reading, error)
}

// Reading is the content of an answer.
// Reading is what an answer holds.
type Reading struct {
	Records   map[string]any // by ID
	Complete  bool
	Anomalies []connectors.Anomaly
}

// Read returns a listing as a Reading.
func Read[T connectors.Record](l connectors.Listing[T], err error) (Reading, error) {
	r := Reading{Records: make(map[string]any, len(l.Records)), Complete: l.Complete, Anomalies: l.Anomalies}
	for _, record := range l.Records {
		r.Records[record.Key()] = record
	}
	return r, err
}

// oddValues has values of every JSON type.
var oddValues = []string{
	`null`, `true`, `false`, `0`, `1.5`, `-1`, `""`, `"x"`, `[]`, `[1]`, `{}`, `{"a":1}`, `12345678901234567890123`,
}

// hostileValues are beyond the bounds of one value.
var hostileValues = []string{
	`"` + strings.Repeat("long ", 1000) + `"`,
	`[` + strings.Repeat(`1,`, 1100) + `1]`,
	`[` + strings.Repeat(`{"a":1},`, 1100) + `{"a":1}]`,
	strings.Repeat(`{"a":`, 1000) + `1` + strings.Repeat(`}`, 1000),
	`4611686018427387904`, `-4611686018427387904`, notUTF8, `{` + notUTF8 + `:` + notUTF8 + `}`,
}

const (
	// notText stands for invalid UTF-8 until an answer is written. It is a character that Unicode never assigns.
	notText = "\ufdd0"
	notUTF8 = `"A` + notText + `a"`
)

// hugeValues are such as an attacker sends. Each place of the first row gets one of them. As for other values, only the replaced value may be lost.
var hugeValues = []string{
	`"` + strings.Repeat("n", 110_000) + `"`,
	`[` + strings.Repeat(`"tag",`, 20_000) + `"tag"]`,
	`[` + strings.Repeat(`{"address":"a@example.com","value":"v","id":1},`, 2_400) + `{}]`,
	strings.Repeat(`{"a":`, 9900) + `1` + strings.Repeat(`}`, 9900),
	strings.Repeat(`[`, 9900) + strings.Repeat(`]`, 9900),
}

// hugeMark stands for one of the huge values until an answer is written, because encoding them as JSON takes longer than the test.
func hugeMark(i int) string { return hugePrefix + strconv.Itoa(i) + `"` }

const hugePrefix = `"` + "\ufdd1"

// largeRecord is more than the JSON of a record may have because of a huge value: a list has at most 1,000 items, and JSON that is passed on 64 kB.
const largeRecord = 96 << 10

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

// answer is an Answer with the results of reading it unchanged.
type answer struct {
	Answer
	document any
	places   [][]any // the path of keys and indexes to each value
	baseline Reading
	single   []Reading // the result for each row alone
}

func (a Answer) open(t testing.TB) *answer {
	t.Helper()
	b := &answer{Answer: a, document: decoded(t, a.Body)}
	var err error
	if b.baseline, err = a.Read(encoded(t, b.document)); err != nil {
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
			b.single = append(b.single, b.alone(t, row))
		}
	}
	slices.SortFunc(b.places, func(x, y []any) int { return strings.Compare(fmt.Sprint(x...), fmt.Sprint(y...)) })
	return b
}

func decoded(t testing.TB, body []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // keeps all digits
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}

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
func (b *answer) checkAround(t *testing.T, at []any, v any, odd string, got Reading, err error) {
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

// place returns the row and the row's key that contain a place, or -1 if it is in no row.
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
func (b *answer) alone(t testing.TB, row any) Reading {
	t.Helper()
	got, err := b.Read(encoded(t, put(b.document, b.rows(), []any{row})))
	if err != nil {
		t.Fatalf("a row alone: %v", err)
	}
	return got
}

// lost returns the number of rows that were left out.
func lost(r Reading) int {
	n := 0
	for _, a := range r.Anomalies {
		if a.Field == connectors.FieldID {
			n += a.Count
		}
	}
	return n
}

// rows returns the path to the rows.
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
			v = v.(map[string]any)[step] //nolint:errcheck // the path exists in this document
		case int:
			v = v.([]any)[step] //nolint:errcheck // as above
		}
	}
	return v
}

// put returns a copy of the document with another value in a place.
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

// valid reports whether all text in a record is UTF-8.
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
	default: // contains no text
	}
	return true
}

// differing returns the names of the fields in which two records differ. Those of a vendor's details have its name and a dot before them.
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
