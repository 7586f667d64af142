package decode_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/decode"
)

// shapes are the values with which every method is tested.
var shapes = []string{
	`null`, `true`, `false`, `0`, `1`, `2`, `1.5`, `-1`, `1e30`, `12345678901234567890123`, `""`, `" 7 "`, `"5.5"`, `"true"`, `"No"`, `"x"`, `[]`, `["a"]`,
	`[{"k":"a"}]`, `{}`, `{"k":"a"}`, `{"10":{"k":"b"},"2":{"k":"a"}}`, `{"1":"b","0":"a"}`, `{"x":{"k":"a"},"w":{"k":"b"}}`,
}

// TestReadings tests every method with every shape. For a shape, want has the result, and ! for an anomaly. Shapes that want does not have are treated as
// missing.
func TestReadings(t *testing.T) {
	t.Parallel()
	texts := func(all []string, ok bool) string {
		if !ok {
			return ""
		}
		return "[" + strings.Join(all, " ") + "]"
	}
	objects := func(all []decode.Value, ok bool) string {
		keys := []string{}
		for _, o := range all {
			keys = append(keys, o.Text("k"))
		}
		return texts(keys, ok)
	}
	for name, tt := range map[string]struct {
		read func(decode.Value) string
		want map[string]string
	}{
		"text": {func(v decode.Value) string { return v.Text("f") }, map[string]string{
			`0`: "0", `1`: "1", `2`: "2", `1.5`: "1.5", `-1`: "-1", `1e30`: "1e30", `12345678901234567890123`: "12345678901234567890123", `" 7 "`: " 7 ",
			`"5.5"`: "5.5", `"true"`: "true", `"No"`: "No", `"x"`: "x",
			`true`: "!", `[]`: "!", `["a"]`: "!", `[{"k":"a"}]`: "!", `{}`: "!", `{"k":"a"}`: "!", `{"10":{"k":"b"},"2":{"k":"a"}}`: "!", `{"1":"b","0":"a"}`: "!",
			`{"x":{"k":"a"},"w":{"k":"b"}}`: "!",
		}},
		"ID": {func(v decode.Value) string { return v.ID("f", nil) }, map[string]string{
			`0`: "0", `1`: "1", `2`: "2", `12345678901234567890123`: "12345678901234567890123", `" 7 "`: "7", `"5.5"`: "5.5", `"true"`: "true", `"No"`: "No", `"x"`: "x",
			`true`: "!", `1.5`: "!", `-1`: "!", `1e30`: "!", `[]`: "!", `["a"]`: "!", `[{"k":"a"}]`: "!", `{}`: "!", `{"k":"a"}`: "!",
			`{"10":{"k":"b"},"2":{"k":"a"}}`: "!", `{"1":"b","0":"a"}`: "!", `{"x":{"k":"a"},"w":{"k":"b"}}`: "!",
		}},
		"flag": {func(v decode.Value) string {
			if b := v.Flag("f").Bool(); b != nil {
				return fmt.Sprint(*b)
			}
			return ""
		}, map[string]string{
			`true`: "true", `1`: "true", `"true"`: "true", `false`: "false", `0`: "false",
			`2`: "!", `1.5`: "!", `-1`: "!", `1e30`: "!", `12345678901234567890123`: "!", `" 7 "`: "!", `"5.5"`: "!", `"No"`: "!", `"x"`: "!", `[]`: "!", `["a"]`: "!",
			`[{"k":"a"}]`: "!", `{}`: "!", `{"k":"a"}`: "!", `{"10":{"k":"b"},"2":{"k":"a"}}`: "!", `{"1":"b","0":"a"}`: "!", `{"x":{"k":"a"},"w":{"k":"b"}}`: "!",
		}},
		"number": {func(v decode.Value) string {
			if f := v.Float("f"); f != nil {
				return fmt.Sprint(*f)
			}
			return ""
		}, map[string]string{
			`0`: "0", `1`: "1", `2`: "2", `1.5`: "1.5", `-1`: "-1", `1e30`: "1e+30", `12345678901234567890123`: "1.2345678901234568e+22", `" 7 "`: "7", `"5.5"`: "5.5",
			`true`: "!", `"true"`: "!", `"No"`: "!", `"x"`: "!", `[]`: "!", `["a"]`: "!", `[{"k":"a"}]`: "!", `{}`: "!", `{"k":"a"}`: "!",
			`{"10":{"k":"b"},"2":{"k":"a"}}`: "!", `{"1":"b","0":"a"}`: "!", `{"x":{"k":"a"},"w":{"k":"b"}}`: "!",
		}},
		"texts": {func(v decode.Value) string { return texts(v.Strings("f")) }, map[string]string{
			`false`: "[]", `""`: "[]", `[]`: "[]", `{}`: "[]", `["a"]`: "[a]", `{"1":"b","0":"a"}`: "[a b]", `" 7 "`: "[ 7 ]", `"5.5"`: "[5.5]", `"true"`: "[true]",
			`"No"`: "[No]", `"x"`: "[x]", `[{"k":"a"}]`: "[]!", `{"10":{"k":"b"},"2":{"k":"a"}}`: "[]!",
			`true`: "!", `0`: "!", `1`: "!", `2`: "!", `1.5`: "!", `-1`: "!", `1e30`: "!", `12345678901234567890123`: "!", `{"k":"a"}`: "!",
			`{"x":{"k":"a"},"w":{"k":"b"}}`: "!",
		}},
		"objects": {func(v decode.Value) string { return objects(v.Objects("f")) }, map[string]string{
			`false`: "[]", `""`: "[]", `[]`: "[]", `{}`: "[]", `[{"k":"a"}]`: "[a]", `{"k":"a"}`: "[a]", `{"10":{"k":"b"},"2":{"k":"a"}}`: "[a b]",
			`{"x":{"k":"a"},"w":{"k":"b"}}`: "[b a]", `["a"]`: "[]!", `{"1":"b","0":"a"}`: "[]!",
			`true`: "!", `0`: "!", `1`: "!", `2`: "!", `1.5`: "!", `-1`: "!", `1e30`: "!", `12345678901234567890123`: "!", `" 7 "`: "!", `"5.5"`: "!", `"true"`: "!",
			`"No"`: "!", `"x"`: "!",
		}},
		"object": {func(v decode.Value) string { return string(v.JSON("f")) }, map[string]string{
			`[]`: `{}`, `{}`: `{}`, `{"k":"a"}`: `{"k":"a"}`, `{"10":{"k":"b"},"2":{"k":"a"}}`: `{"10":{"k":"b"},"2":{"k":"a"}}`, `{"1":"b","0":"a"}`: `{"0":"a","1":"b"}`,
			`{"x":{"k":"a"},"w":{"k":"b"}}`: `{"w":{"k":"b"},"x":{"k":"a"}}`,
			`true`:                          "!", `0`: "!", `1`: "!", `2`: "!", `1.5`: "!", `-1`: "!", `1e30`: "!", `12345678901234567890123`: "!", `" 7 "`: "!", `"5.5"`: "!", `"true"`: "!",
			`"No"`: "!", `"x"`: "!", `["a"]`: "!", `[{"k":"a"}]`: "!",
		}},
		// What holds the rows is never taken for empty if it may not be.
		"rows": {func(v decode.Value) string { return objects(rowsOf(v, "f")) }, map[string]string{
			`[]`: "[]", `["a"]`: "[]", `[{"k":"a"}]`: "[a]", `{"k":"a"}`: "[a]", `{"10":{"k":"b"},"2":{"k":"a"}}`: "[a b]", `{"1":"b","0":"a"}`: "[ ]",
			`{"x":{"k":"a"},"w":{"k":"b"}}`: "[b a]",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, shape := range shapes {
				v := parsed(t, `{"f":`+shape+`}`)
				var odd connectors.Anomalies
				got := tt.read(v.Noting(&odd))
				if odd.All() != nil {
					got += "!"
				}
				if want := tt.want[shape]; got != want {
					t.Errorf("%s reads as %q, want %q", shape, got, want)
				}
			}
		})
	}
}

func parsed(t *testing.T, document string) decode.Value {
	t.Helper()
	v, err := decode.JSON([]byte(document))
	if err != nil {
		t.Fatalf("%s: %v", document, err)
	}
	return v
}

func TestTimes(t *testing.T) {
	t.Parallel()
	for shape, want := range map[string]string{
		`1717403600`: "2024-06-03T08:33:20Z", `"1717403600"`: "2024-06-03T08:33:20Z", `0`: "", `"0"`: "", `null`: "", `false`: "",
		`-1`: "!", `1.5`: "!", `253402300800`: "!", `"soon"`: "!", `[]`: "!", `true`: "!", `99999999999999999999`: "!",
	} {
		var odd connectors.Anomalies
		if got := shown(parsed(t, `{"f":`+shape+`}`).Noting(&odd).Unix("f"), &odd); got != want {
			t.Errorf("Unix: %s reads as %q, want %q", shape, got, want)
		}
	}
	zone := time.FixedZone("", 2*60*60)
	for shape, want := range map[string]string{
		`"2024-01-15 18:30"`: "2024-01-15T16:30:00Z", `"0000-00-00 00:00"`: "", `""`: "", `null`: "", `"soon"`: "!", `1717403600`: "!", `{}`: "!",
	} {
		var odd connectors.Anomalies
		if got := shown(parsed(t, `{"f":`+shape+`}`).Noting(&odd).Time("f", "2006-01-02 15:04", zone), &odd); got != want {
			t.Errorf("Time: %s reads as %q, want %q", shape, got, want)
		}
	}
}

func shown(at time.Time, odd *connectors.Anomalies) string {
	text := ""
	if !at.IsZero() {
		text = at.Format(time.RFC3339)
	}
	if odd.All() != nil {
		text += "!"
	}
	return text
}

func TestCountsAreReadOrRefused(t *testing.T) {
	t.Parallel()
	for shape, want := range map[string]string{
		`3`: "3 true", `"3"`: "3 true", `0`: "0 true", `null`: "- true", `""`: "- true",
		`-1`: "- false", `1.5`: "- false", `1e3`: "- false", `"many"`: "- false", `[]`: "- false", `true`: "- false", `99999999999999999999`: "- false",
	} {
		n, ok := parsed(t, `{"f":`+shape+`}`).Count("f")
		got := "-"
		if n != nil {
			got = fmt.Sprint(*n)
		}
		if got += fmt.Sprint(" ", ok); got != want {
			t.Errorf("%s reads as %s, want %s", shape, got, want)
		}
	}
}

func TestAnomaliesHavePathAndType(t *testing.T) {
	t.Parallel()
	var odd connectors.Anomalies
	rows, _, ok := parsed(t, `{"rows":[
		{"id":1,"name":{"canary":1},"mail":[{"address":["canary"]},"canary",{"address":7}],"rights":{"canary":[1],"view":"A"}},
		{"id":2,"name":{"canary":1},"mail":"canary","rights":7},
		{"id":1.5}, {"name":"x"}, "canary", null, {"id":{}}
	]}`).Rows("rows", 100)
	if !ok || len(rows) != 7 {
		t.Fatalf("%d rows, %v", len(rows), ok)
	}
	for _, row := range rows {
		row.RowID("id", nil) // before Noting, this records nothing
		if row = row.Noting(&odd); row.RowID("id", nil) == "" {
			continue
		}
		row.Text("name")
		row.Texts("rights")
		mails, _ := row.Objects("mail")
		for _, m := range mails {
			m.Text("address")
		}
	}
	want := []connectors.Anomaly{
		{Field: "id", Count: 2, Example: "null"}, {Field: "id", Count: 1, Example: "number"}, {Field: "id", Count: 1, Example: "object"},
		{Field: "id", Count: 1, Example: "string"}, {Field: "mail", Count: 2, Example: "string"}, {Field: "mail.address", Count: 1, Example: "array"},
		{Field: "name", Count: 2, Example: "object"}, {Field: "rights", Count: 1, Example: "array"}, {Field: "rights", Count: 1, Example: "number"},
	}
	if diff := cmp.Diff(want, odd.All()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Rows that are not objects are returned as rows, so that their loss is reported.
func TestRowsThatAreNotObjects(t *testing.T) {
	t.Parallel()
	rows, _, ok := parsed(t, `{"rows":[null,true,1,"x",[],[{"id":"1"}]]}`).Rows("rows", 100)
	var odd connectors.Anomalies
	for _, row := range rows {
		if id := row.Noting(&odd).RowID("id", nil); id != "" || row.Text("id") != "" || row.Has("id") || row.Object("id").IsObject() {
			t.Errorf("a row that is not an object has the ID %q", id)
		}
	}
	if n := len(odd.All()); !ok || len(rows) != 6 || n != 5 {
		t.Errorf("%d rows, %d kinds of anomalies", len(rows), n)
	}
}

func TestByteOrderMarks(t *testing.T) {
	t.Parallel()
	for _, marks := range []string{"", "\ufeff", "\ufeff\ufeff"} {
		if got := parsed(t, marks+` {"f":"x"}`).Text("f"); got != "x" {
			t.Errorf("behind %d bytes: %q", len(marks), got)
		}
	}
	if _, err := decode.JSON([]byte("{\ufeff}")); err == nil {
		t.Error("a byte order mark inside is removed")
	}
}

func TestKeysAndTexts(t *testing.T) {
	t.Parallel()
	v := parsed(t, "{\"a\":1, \"a\":2, \"\\u0062\":\"\\u00e9\\n\\ud800\", \"c\":\"\xff\", \"ID\":3}")
	for key, want := range map[string]string{"a": "2", "b": "é\n\ufffd", "c": "\ufffd", "id": "", "": ""} {
		if got := v.Text(key); got != want {
			t.Errorf("%s is %q, want %q", key, got, want)
		}
	}
}

func rowsOf(v decode.Value, key string) ([]decode.Value, bool) {
	rows, _, ok := v.Rows(key, 100)
	return rows, ok
}
