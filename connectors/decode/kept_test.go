package decode_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/decode"
)

// kept returns what is kept of a row with raw, and the anomalies.
func kept(t rapid.TB, row string) (string, []connectors.Anomaly) {
	t.Helper()
	v, err := decode.JSON([]byte(row))
	if err != nil {
		t.Fatal(err)
	}
	var notes connectors.Anomalies
	extra := decode.NewKeep(connectors.Config{Raw: true}, []string{"services", "joinCode"}).Extra(v.Noting(&notes))
	if extra == nil {
		t.Fatal("there is no Extra")
	}
	return string(extra.Raw), notes.All()
}

func TestKept(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("n", connectors.MaxRaw)
	for name, tc := range map[string]struct{ row, want, anomaly string }{
		"as it is":                         {`{"id": 12345678901234567890, "n": 1.50, "x": {"a": [null, true]}}`, `{"id":12345678901234567890,"n":1.50,"x":{"a":[null,true]}}`, ""},
		"never shown":                      {`{"a":1,"services":{"password":{"bcrypt":"s"}},"x":{"SERVICES":"s"}}`, `{"a":1,"x":{}}`, ""},
		"an escaped name":                  {`{"a":1,"serv\u0069ces":"s","pass\u0077ord":"s"}`, `{"a":1}`, ""},
		"the name of a secret":             {`{"a":[{"authToken":"s","b":2}]}`, `{"a":[{"b":2}]}`, ""},
		"never shown, in another spelling": {`{"a":1,"join_code":"s","Join Code":"s"}`, `{"a":1}`, ""},
		"named beside its value":           {`{"f":[{"field_name":"API token","values":[{"value":"s"}]},{"name":"Floor","value":"3"}],"g":{"key":"password","value":"s"}}`, `{"f":[null,{"name":"Floor","value":"3"}],"g":null}`, ""},
		"a person named like a secret":     {`{"name":"Mickey Monkey","title":"Session Key"}`, `{"name":"Mickey Monkey","title":"Session Key"}`, ""},
		"JSON in a text":                   {`{"a":"{\"token\":\"s\"}","b":"{ in braces"}`, `{"a":null,"b":null}`, ""},
		"by its form":                      {`{"a":"$2b$10$s","b":"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln"}`, `{"a":null,"b":null}`, ""},
		"in an address":                    {`{"a":"https://x.example/?token=s","l":["https://x.example/?token=s","b"]}`, `{"a":null,"l":[null,"b"]}`, ""},
		"a name that comes twice":          {`{"a":1,"a":2}`, `{"a":2}`, ""},
		"too long":                         {`{"a":"` + long + `"}`, ``, "long object"},
		"too deep":                         {`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, ``, "deep object"},
		"longer than it was":               {`{"a":"` + strings.Repeat("\xff", connectors.MaxRaw/2) + `"}`, ``, "long object"},
		"no object":                        {`[1]`, ``, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, anomalies := kept(t, tc.row)
			if diff := cmp.Diff(tc.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			var want []connectors.Anomaly
			if tc.anomaly != "" {
				want = []connectors.Anomaly{{Field: connectors.FieldRow, Count: 1, Example: tc.anomaly}}
			}
			if diff := cmp.Diff(want, anomalies); diff != "" {
				t.Errorf("anomalies (-want +got):\n%s", diff)
			}
		})
	}
	if extra := (decode.Keep{}).Extra(decode.Value{}); extra != nil {
		t.Errorf("without raw, there is %v", extra)
	}
}

// Wherever secrets are in a row, none is kept, and everything else is.
func TestKeptOfRandomRows(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		names := rapid.SampledFrom([]string{"a", "name", "x-y", "services", "Services", "token", "PASSWORD", "e2e_secret", "ok"})
		var value func(depth int) (with, want any)
		value = func(depth int) (with, want any) {
			switch kind := rapid.IntRange(0, 3).Draw(t, "kind"); {
			case depth > 3 || kind == 0:
				text := rapid.StringMatching(`[a-z<&é ]{0,5}`).Draw(t, "text")
				return text, text
			case kind == 1:
				n := json.Number(rapid.StringMatching(`-?[1-9][0-9]{0,20}(\.[0-9]{1,3})?`).Draw(t, "number"))
				return n, n
			case kind == 2:
				a, b := []any{}, []any{}
				for range rapid.IntRange(0, 3).Draw(t, "items") {
					x, y := value(depth + 1)
					a, b = append(a, x), append(b, y)
				}
				return a, b
			}
			a, b := map[string]any{}, map[string]any{}
			for range rapid.IntRange(0, 4).Draw(t, "members") {
				name := names.Draw(t, "name")
				x, y := value(depth + 1)
				if a[name] = x; name == "a" || name == "name" || name == "x-y" || name == "ok" {
					b[name] = y
				}
			}
			return a, b
		}
		with, want := value(0)
		row, err := json.Marshal(map[string]any{"row": with})
		if err != nil {
			t.Fatal(err)
		}
		got, _ := kept(t, string(row))
		d := json.NewDecoder(strings.NewReader(got))
		d.UseNumber()
		var plain any
		if err := d.Decode(&plain); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(any(map[string]any{"row": want}), plain); diff != "" {
			t.Fatalf("of %s (-want +got):\n%s", row, diff)
		}
	})
}
