package decode_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/decode"
)

// rowOf parses a document with one row, with a place to record anomalies.
func rowOf(t *testing.T, row string) (decode.Value, *connectors.Anomalies) {
	t.Helper()
	rows, _, ok := parsed(t, `{"rows":[`+row+`]}`).Rows("rows", 10)
	if !ok || len(rows) != 1 {
		t.Fatalf("%d rows, %v", len(rows), ok)
	}
	odd := new(connectors.Anomalies)
	return rows[0].Noting(odd), odd
}

func noted(field string, count int, example string) []connectors.Anomaly {
	return []connectors.Anomaly{{Field: field, Count: count, Example: example}}
}

func TestBoundsOfARow(t *testing.T) {
	t.Parallel()
	members := strings.Builder{}
	for i := range 3000 {
		fmt.Fprintf(&members, `"k%d":%d,`, i, i)
	}
	for name, tt := range map[string]struct {
		row  string
		read func(decode.Value) any
		want any
		odd  []connectors.Anomaly
	}{
		"a text at the bound": {
			`{"f":"` + strings.Repeat("a", 4096) + `"}`,
			func(v decode.Value) any { return v.Text("f") }, strings.Repeat("a", 4096), nil,
		},
		"a text beyond it is cut between characters": {
			`{"f":"a` + strings.Repeat("é", 500_000) + `"}`,
			func(v decode.Value) any { return v.Text("f") }, "a" + strings.Repeat("é", 2047), noted("f", 1, "long string"),
		},
		"a text in escapes": {
			`{"f":"` + strings.Repeat(`\u0041`, 4097) + `"}`,
			func(v decode.Value) any { return v.Text("f") }, strings.Repeat("A", 4096), noted("f", 1, "long string"),
		},
		"texts of a list": {
			`{"f":["a","` + strings.Repeat("b", 5000) + `"]}`,
			func(v decode.Value) any { all, _ := v.Strings("f"); return all }, []string{"a", strings.Repeat("b", 4096)},
			noted("f", 1, "long string"),
		},
		"a text that is no UTF-8": {
			"{\"f\":\"Ada \xff\xfeL\"}",
			func(v decode.Value) any { return v.Text("f") }, "Ada \ufffd\ufffdL", noted("f", 1, "invalid UTF-8"),
		},
		"half a character": {
			`{"f":"Ada \ud83d!"}`,
			func(v decode.Value) any { return v.Text("f") }, "Ada \ufffd!", noted("f", 1, "invalid UTF-8"),
		},
		"half a character, its second one": {
			`{"f":"\uDE00\uD83D"}`,
			func(v decode.Value) any { return v.Text("f") }, "\ufffd\ufffd", noted("f", 1, "invalid UTF-8"),
		},
		"both halves": {
			`{"f":"\ud83d\uDE00 \\ud83d \ufffd"}`,
			func(v decode.Value) any { return v.Text("f") }, "😀 \\ud83d \ufffd", nil,
		},
		"an ID with half a character": {
			`{"f":"a\ud83d"}`,
			func(v decode.Value) any { return v.ID("f", nil) }, "", noted("f", 1, "string"),
		},
		"an ID that is no UTF-8": {
			"{\"f\":\"a\xff\"}",
			func(v decode.Value) any { return v.ID("f", nil) }, "", noted("f", 1, "string"),
		},
		"an ID that is too long": {
			`{"id":"` + strings.Repeat("a", 1001) + `"}`,
			func(v decode.Value) any { return v.RowID("id", nil) }, "", noted("id", 1, "string"),
		},
		"a number that is too long": {
			`{"f":` + strings.Repeat("1", 1<<20) + `}`,
			func(v decode.Value) any { return v.Text("f") + v.ID("f", nil) }, "", noted("f", 2, "number"),
		},
		"a list that is too long": {
			`{"f":[` + strings.Repeat(`"a",`, 200_000) + `"b"]}`,
			func(v decode.Value) any { all, ok := v.Strings("f"); return fmt.Sprint(len(all), ok) }, "1000 true",
			noted("f", 1, "long array"),
		},
		"a list at the bound": {
			`{"f":[` + strings.Repeat(`{},`, 999) + `{}]}`,
			func(v decode.Value) any { all, ok := v.Objects("f"); return fmt.Sprint(len(all), ok) }, "1000 true", nil,
		},
		"a list that numbers its items": {
			`{"f":{` + strings.Repeat(`"1":"a",`, 3000) + `"2":"b"}}`,
			func(v decode.Value) any { all, ok := v.Items("f"); return fmt.Sprint(len(all), ok) }, "1000 true",
			noted("f", 1, "long object"),
		},
		"a row with too many keys": {
			`{"id":"7",` + members.String() + `"f":"lost"}`,
			func(v decode.Value) any { return v.RowID("id", nil) + v.Text("k5") + v.Text("f") }, "75", noted("row", 1, "long object"),
		},
		"an object with too many keys": {
			`{"f":{` + members.String() + `"z":1}}`,
			func(v decode.Value) any { return len(v.Texts("f")) }, 1000, noted("f", 1, "long object"),
		},
		"a key that is too long": {
			`{"f":{"` + strings.Repeat("k", 1<<20) + `":"a","b":"c"}}`,
			func(v decode.Value) any { return v.Texts("f") }, map[string]string{"b": "c"}, noted("f", 1, "long string"),
		},
		"deep, where nobody reads": {
			`{"f":"a","g":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
			func(v decode.Value) any { return v.Text("f") }, "a", nil,
		},
		"deep, in the place of a list": {
			`{"f":` + strings.Repeat("[", 9000) + strings.Repeat("]", 9000) + `}`,
			func(v decode.Value) any { all, ok := v.Objects("f"); return fmt.Sprint(len(all), ok) }, "0 true", noted("f", 1, "array"),
		},
		"a count at the bound": {
			`{"f":2147483647}`, func(v decode.Value) any { n, ok := v.Count("f"); return fmt.Sprint(*n, ok) }, "2147483647 true", nil,
		},
		"a count beyond Int": {
			`{"f":4611686018427387904}`, func(v decode.Value) any { n, ok := v.Count("f"); return fmt.Sprint(n, ok) }, "<nil> false",
			noted("f", 1, "number"),
		},
		"a negative count": {
			`{"f":-1}`, func(v decode.Value) any { n, ok := v.Count("f"); return fmt.Sprint(n, ok) }, "<nil> false", noted("f", 1, "number"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row, odd := rowOf(t, tt.row)
			if diff := cmp.Diff(tt.want, tt.read(row)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.odd, odd.All()); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s", diff)
			}
		})
	}
}

// What is passed on as JSON is always valid JSON, or nothing.
func TestJSONIsWrittenAnew(t *testing.T) {
	t.Parallel()
	nested := func(levels int) string { return strings.Repeat(`{"a":`, levels) + "1" + strings.Repeat("}", levels) }
	for name, tt := range map[string]struct {
		value, want string
		odd         []connectors.Anomaly
	}{
		"usual":          {`{ "b": 1.50, "a": [true, null, "<&>"] }`, `{"a":[true,null,"<&>"],"b":1.50}`, nil},
		"no UTF-8":       {"{\"a\":\"\xff\",\"\xc3\":1}", `{"a":"` + "\ufffd" + `","` + "\ufffd" + `":1}`, noted("f", 1, "invalid UTF-8")},
		"half an escape": {`{"a":"\ud83d"}`, `{"a":"` + "\ufffd" + `"}`, nil},
		"a key twice":    {`{"a":1,"a":2}`, `{"a":2}`, nil},
		"deep enough":    {nested(32), nested(32), nil},
		"too deep":       {nested(33), "", noted("f", 1, "deep object")},
		"far too deep":   {nested(9900), "", noted("f", 1, "deep object")},
		"brackets in a text are no depth": {
			`{"a":"` + strings.Repeat(`[\"{`, 40) + `"}`, `{"a":"` + strings.Repeat(`[\"{`, 40) + `"}`, nil,
		},
		"long": {`{"a":"` + strings.Repeat("a", 64<<10) + `"}`, "", noted("f", 1, "long object")},
		"large numbers": {
			`{"a":1e999,"b":123456789012345678901234567890}`, `{"a":1e999,"b":123456789012345678901234567890}`, nil,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			row, odd := rowOf(t, `{"f":`+tt.value+`}`)
			got := row.JSON("f")
			if string(got) != tt.want {
				t.Errorf("got %.200s, want %.200s", got, tt.want)
			}
			if got != nil && (!json.Valid(got) || !utf8.Valid(got)) {
				t.Errorf("not valid: %q", got)
			}
			if diff := cmp.Diff(tt.odd, odd.All()); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s", diff)
			}
		})
	}
}

// The memory of an answer is bounded by its length and the number of rows that are allowed, whatever it contains.
func TestMemoryFollowsTheRows(t *testing.T) { //nolint:paralleltest // measures what is allocated
	const mib = 1 << 20
	list := func(row string, n int) []byte {
		return []byte(`{"rows":[` + strings.Repeat(row+",", n) + row + `]}`)
	}
	for name, tt := range map[string]struct {
		document []byte
		most     int    // rows
		rows     int    // that are there; zero if they are too many
		memory   uint64 // besides the document
	}{
		"millions of empty rows": {list(`{}`, 8*mib), 100_000, 0, 0},
		"millions of numbers":    {list(`1`, 8*mib), 100_000, 0, 0},
		"rows that nobody reads": {list(`{"a":[{},{},{},{},{},{}],"b":{"c":[1,2,3,4,5,6,7,8]}}`, mib/4), mib, mib/4 + 1, mib / 4 * 110},
	} {
		t.Run(name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			v, err := decode.JSON(tt.document)
			if err != nil {
				t.Fatal(err)
			}
			rows, more, ok := v.Rows("rows", tt.most)
			runtime.ReadMemStats(&after)
			if len(rows) != tt.rows || more != (tt.rows == 0) || !ok {
				t.Fatalf("%d rows, and more: %v", len(rows), more)
			}
			if took := after.TotalAlloc - before.TotalAlloc; took > tt.memory+mib/4 {
				t.Errorf("%d rows of %d bytes took %d bytes, want at most %d", len(rows), len(tt.document), took, tt.memory)
			}
		})
	}
}

// The memory of a row is freed when its record is built.
func TestRowsAreForgotten(t *testing.T) { //nolint:paralleltest // measures what is in use
	row := `{"id":"1","f":[` + strings.Repeat(`{"a":1},`, 500) + `{}]}`
	v, err := decode.JSON([]byte(`{"rows":[` + strings.Repeat(row+",", 999) + row + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	rows, _, _ := v.Rows("rows", 1000)
	inUse := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before := inUse()
	var odd connectors.Anomalies
	for _, row := range rows {
		row.RowID("id", nil)
		if all, _ := row.Noting(&odd).Objects("f"); len(all) != 501 {
			t.Fatal(len(all))
		}
	}
	if after := inUse(); after > before+4<<20 {
		t.Errorf("%d bytes are kept of %d rows", after-before, len(rows))
	}
	if !bytes.HasPrefix([]byte(v.Raw("rows")), []byte("[")) {
		t.Error("the document was freed")
	}
}
