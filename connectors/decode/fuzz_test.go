package decode_test

import (
	"encoding/json"
	"strings"
	"testing"

	"roster/connectors/decode"
)

// FuzzText compares the results of reading a document with those of encoding/json.
func FuzzText(f *testing.F) {
	for _, shape := range shapes {
		f.Add([]byte(shape))
	}
	for _, in := range []string{`"\ud800"`, `"`, ``, `{"a":[1,{"b":"]}\""}]}`, "[\"\xff\"]", ` [ 1 , 2 ] `, "-" + strings.Repeat("3", 1000), `"` + strings.Repeat("x", 5000) + `"`} {
		f.Add([]byte(in))
	}
	f.Fuzz(func(t *testing.T, in []byte) {
		document := append(append([]byte(`{"f":`), in...), '}')
		v, err := decode.JSON(document)
		if (err == nil) != json.Valid(document) {
			t.Fatalf("%q: %v", document, err)
		}
		if err != nil {
			return
		}
		d := json.NewDecoder(strings.NewReader(string(document)))
		d.UseNumber()
		var plain struct{ F any }
		if err := d.Decode(&plain); err != nil {
			t.Fatal(err)
		}
		if !v.Has("f") || strings.Contains(string(in), `"F"`) { // encoding/json ignores the case of keys
			return
		}
		want := ""
		switch p := plain.F.(type) {
		case string:
			if len(p) > 4096 { // it is cut
				want = p[:len(v.Text("f"))]
			} else {
				want = p
			}
		case json.Number:
			if len(p) <= 1000 {
				want = p.String()
			}
		case []any:
			if rows, _, ok := v.Rows("f", 1<<20); !ok || len(rows) != len(p) {
				t.Errorf("%q: %d rows, %v; want %d", in, len(rows), ok, len(p))
			}
		case map[string]any:
			if texts := v.Texts("f"); len(texts) != min(len(p), 1000) {
				t.Errorf("%q: %d keys, want %d", in, len(texts), len(p))
			}
		}
		if got := v.Text("f"); got != want {
			t.Errorf("%q reads as %q, want %q", in, got, want)
		}
	})
}
