package decode_test

import (
	"bytes"
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
	for _, in := range []string{`"\ud800"`, `"`, ``, `{"a":[1,{"b":"]}\""}]}`, "[\"\xff\"]", ` [ 1 , 2 ] `, "-" + strings.Repeat("3", 1000), `"` + strings.Repeat("x", 5000) + `"`, `{"` + strings.Repeat("k", 1001) + `":1,"b":2}`, `{` + strings.Repeat(`"a":1,`, 1000) + `"b":2}`, `1,"f":2`, `1,"F":2`} {
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
		raw, plain := json.RawMessage(nil), any(nil)
		for _, m := range members(t, document) {
			if m.key == "f" {
				raw = m.value
			}
		}
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		if err := d.Decode(&plain); err != nil {
			t.Fatal(err)
		}
		want := ""
		switch p := plain.(type) {
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
			all := members(t, raw)
			keys := map[string]bool{}
			for _, m := range all[:min(len(all), 1000)] { // further ones are left out
				if len(m.key) <= 1000 {
					keys[m.key] = true
				}
			}
			if texts := v.Texts("f"); len(texts) != len(keys) {
				t.Errorf("%q: %d keys, want %d", in, len(texts), len(keys))
			}
		}
		if got := v.Text("f"); got != want {
			t.Errorf("%q reads as %q, want %q", in, got, want)
		}
	})
}

type member struct {
	key   string
	value json.RawMessage
}

// members returns the members of a JSON object in their order, with keys that occur several times.
func members(t *testing.T, object []byte) []member {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(object))
	if _, err := d.Token(); err != nil {
		t.Fatal(err)
	}
	var all []member
	for d.More() {
		key, err := d.Token()
		if err != nil {
			t.Fatal(err)
		}
		m := member{key: key.(string)}
		if err := d.Decode(&m.value); err != nil {
			t.Fatal(err)
		}
		all = append(all, m)
	}
	return all
}
