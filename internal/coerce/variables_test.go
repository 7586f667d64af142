package coerce_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// The sections are those of the specification of September 2025. Each case expects either a value or one message.
func TestTypes(t *testing.T) {
	t.Parallel()
	type wrong string
	for section, cases := range map[string][]struct {
		typeName, sent string
		want           any
	}{
		"3.5.1 Int": {
			{"Int", `5`, int64(5)}, {"Int", `-0`, int64(0)}, {"Int", `5.0`, int64(5)}, {"Int", `5e0`, int64(5)}, {"Int", `0.5e1`, int64(5)},
			{"Int", `2147483647`, int64(2147483647)}, {"Int", `-2147483648`, int64(-2147483648)},
			{"Int", `-2147483649`, wrong(`-2147483649 is not an Int: a whole number of 32 bits`)},
			{"Int", `2147483648`, wrong(`2147483648 is not an Int: a whole number of 32 bits`)},
			{"Int", `2147483648.0`, wrong(`2147483648.0 is not an Int: a whole number of 32 bits`)},
			{"Int", `99999999999999999999`, wrong(`99999999999999999999 is not an Int: a whole number of 32 bits`)},
			{"Int", `1e400`, wrong(`1e400 is not an Int: a whole number of 32 bits`)},
			{"Int", `5.5`, wrong(`5.5 is not an Int: a whole number`)}, {"Int", `"5"`, wrong(`"5" is not an Int: a whole number`)},
			{"Int", `""`, wrong(`"" is not an Int: a whole number`)},
			{"Int", `true`, wrong(`true is not an Int: a whole number`)}, {"Int", `[5]`, wrong(`a list is not an Int: a whole number`)},
			{"Int", `{"a":5}`, wrong(`an object is not an Int: a whole number`)}, {"Int", `null`, nil},
		},
		"3.5.2 Float": {
			{"Float", `5`, 5.0}, {"Float", `5.25`, 5.25}, {"Float", `-1e-3`, -0.001}, {"Float", `99999999999999999999`, 1e20}, {"Float", `1e-400`, 0.0},
			{"Float", `1e400`, wrong(`1e400 is not a Float: a number that a double can hold`)},
			{"Float", `"5.5"`, wrong(`"5.5" is not a Float: a number`)}, {"Float", `false`, wrong(`false is not a Float: a number`)},
			{"Float", `"NaN"`, wrong(`"NaN" is not a Float: a number`)},
		},
		"3.5.3 String": {
			{"String", `"a"`, "a"}, {"String", `""`, ""}, {"String", `"null"`, "null"}, {"String", `42`, wrong(`42 is not a String`)},
			{"String", `1.50`, wrong(`1.50 is not a String`)}, {"String", `true`, wrong(`true is not a String`)},
			{"String", `["a"]`, wrong(`a list is not a String`)},
		},
		"3.5.4 Boolean": {
			{"Boolean", `true`, true}, {"Boolean", `false`, false}, {"Boolean", `1`, wrong(`1 is not a Boolean: true or false`)},
			{"Boolean", `0`, wrong(`0 is not a Boolean: true or false`)}, {"Boolean", `"true"`, wrong(`"true" is not a Boolean: true or false`)},
		},
		"3.5.5 ID": {
			{"ID", `"a"`, "a"}, {"ID", `""`, ""}, {"ID", `42`, "42"}, {"ID", `-7`, "-7"}, {"ID", `-0`, "0"}, {"ID", `1.0`, "1"}, {"ID", `-0.0`, "0"},
			{"ID", `1e3`, "1000"}, {"ID", `99999999999999999999`, "99999999999999999999"}, {"ID", `1e21`, "1000000000000000000000"},
			{"ID", `1.5`, wrong(`1.5 is not an ID: a string or a whole number`)}, {"ID", `1e400`, wrong(`1e400 is not an ID: a string or a whole number`)},
			{"ID", `true`, wrong(`true is not an ID: a string or a whole number`)}, {"ID", `{}`, wrong(`an object is not an ID: a string or a whole number`)},
		},
		"3.5.6 Custom scalars": {
			{"DateTime", `"2026-01-02T03:04:05+02:00"`, "2026-01-02T03:04:05+02:00"}, {"DateTime", `"2026-01-02T03:04:05.25Z"`, "2026-01-02T03:04:05.25Z"},
			{"DateTime", `"2026-01-02"`, wrong(`"2026-01-02" is not a DateTime: a string as in RFC 3339, with an offset`)},
			{"DateTime", `1767323045`, wrong(`1767323045 is not a DateTime: a string as in RFC 3339, with an offset`)},
			{"URL", `"https://a.test/b?c"`, "https://a.test/b?c"}, {"URL", `"mailto:a@b.test"`, "mailto:a@b.test"},
			{"URL", `"/a"`, wrong(`"/a" is not a URL: a string with an absolute address`)}, {"URL", `true`, wrong(`true is not a URL: a string with an absolute address`)},
			{"JSON", `{"a":[1.50,null,true]}`, map[string]any{"a": []any{json.Number("1.50"), nil, true}}}, {"JSON", `1e999`, json.Number("1e999")}, {"JSON", `"a"`, "a"},
		},
		"3.9 Enums": {
			{"Colour", `"RED"`, "RED"}, {"Colour", `"red"`, wrong(`"red" is not a value of Colour`)}, {"Colour", `"BLUE"`, wrong(`"BLUE" is not a value of Colour`)},
			{"Colour", `0`, wrong(`0 is not a value of Colour`)}, {"Colour", `["RED"]`, wrong(`a list is not a value of Colour`)}, {"[Colour!]", `"RED"`, []any{"RED"}},
		},
		"3.10 Input Objects": {
			{"Within", `{}`, map[string]any{"depth": int64(3), "unit": "m"}}, {"Within", `{"depth":null}`, map[string]any{"depth": nil, "unit": "m"}},
			{"In", `{"must":1}`, map[string]any{"must": int64(1), "usual": int64(7), "colours": []any{"RED"}, "later": map[string]any{"depth": int64(3), "unit": "m"}}},
			{"In", `{"must":1,"usual":2,"later":null,"colours":"GREEN","sure":3,"within":{"must":4,"later":null,"colours":null}}`, map[string]any{
				"must": int64(1), "usual": int64(2), "later": nil, "colours": []any{"GREEN"}, "sure": []any{int64(3)},
				"within": map[string]any{"must": int64(4), "usual": int64(7), "later": nil, "colours": nil},
			}},
			{"In", `{}`, wrong(`, at must: a value is required, and none was given`)},
			{"In", `{"must":null}`, wrong(`, at must: cannot be null: its type is Int!`)},
			{"In", `{"must":1,"usual":null}`, wrong(`, at usual: cannot be null: its type is Int!`)},
			{"In", `{"must":1,"what":2}`, wrong(`, at what: In has no such field`)},
			{"In", `{"must":1,"__typename":"In"}`, wrong(`, at __typename: In has no such field`)},
			{"In", `{"must":1,"":2}`, wrong(`, at "": In has no such field`)},
			{"In", `{"must":1,"a\nb":2}`, wrong(`, at "a\nb": In has no such field`)},
			{"In", `{"must":1,"within":{"must":1,"within":{"must":"1"}}}`, wrong(`, at within.within.must: "1" is not an Int: a whole number`)},
			{"In", `[]`, wrong(`a list is not an object, as In is`)}, {"In", `"a"`, wrong(`"a" is not an object, as In is`)},
			{"[In!]", `{"must":1,"later":null,"colours":null}`, []any{map[string]any{"must": int64(1), "usual": int64(7), "later": nil, "colours": nil}}},
		},
		"3.10.1 OneOf Input Objects": {
			{"Pick", `{"id":5}`, map[string]any{"id": "5"}}, {"Pick", `{"name":""}`, map[string]any{"name": ""}},
			{"Pick", `{}`, wrong(`exactly one field of Pick must be given, not 0`)}, {"Pick", `{"id":1,"name":"a"}`, wrong(`exactly one field of Pick must be given, not 2`)},
			{"Pick", `{"id":1,"name":null}`, wrong(`exactly one field of Pick must be given, not 2`)},
			{"Pick", `{"id":null}`, wrong(`, at id: cannot be null: exactly one field of Pick must have a value`)},
			{"Pick", `{"ident":1}`, wrong(`, at ident: Pick has no such field`)}, {"Pick", `{"id":1.5}`, wrong(`, at id: 1.5 is not an ID: a string or a whole number`)},
			{"[Pick!]", `[{"id":1},{}]`, wrong(`, at [1]: exactly one field of Pick must be given, not 0`)},
		},
		"3.11 List": {
			{"[Int]", `[1,2,3]`, []any{int64(1), int64(2), int64(3)}}, {"[Int]", `[1,null]`, []any{int64(1), nil}}, {"[Int]", `1`, []any{int64(1)}},
			{"[Int]", `null`, nil}, {"[Int]", `[]`, []any{}}, {"[Int]", `[1,"b",true]`, wrong(`, at [1]: "b" is not an Int: a whole number`)},
			{"[[Int]]", `1`, []any{[]any{int64(1)}}}, {"[[Int]]", `[1,2]`, []any{[]any{int64(1)}, []any{int64(2)}}},
			{"[[Int]]", `[[1],null,[2,null]]`, []any{[]any{int64(1)}, nil, []any{int64(2), nil}}},
			{"[[Int]]", `[[1],["b"]]`, wrong(`, at [1][0]: "b" is not an Int: a whole number`)},
		},
		"3.12 Non-Null": {
			{"Int!", `null`, wrong(`cannot be null: its type is Int!`)}, {"[Int!]", `[1,null]`, wrong(`, at [1]: cannot be null: its type is Int!`)},
			{"[Int]!", `null`, wrong(`cannot be null: its type is [Int]!`)}, {"[Int]!", `[null]`, []any{nil}}, {"[[Int!]!]!", `[[1],null]`, wrong(`, at [1]: cannot be null: its type is [Int!]!`)},
		},
	} {
		for _, tc := range cases {
			t.Run(section+"/"+tc.typeName+" "+tc.sent, func(t *testing.T) {
				t.Parallel()
				_, values, errs := coerced(t, `query($v: `+tc.typeName+`) { h }`, `{"v":`+tc.sent+`}`)
				text, isWrong := tc.want.(wrong)
				if !isWrong {
					if diff := cmp.Diff(map[string]any{"v": tc.want}, values); diff != "" || len(errs) > 0 {
						t.Errorf("errors %v, values (-want +got):\n%s", errs, diff)
					}
					return
				}
				if !strings.HasPrefix(string(text), ", at ") {
					text = ": " + text
				}
				if len(errs) == 0 || errs[0].Message != `variable "$v"`+string(text) {
					t.Errorf("errors %q, want %q", messages(errs), text)
				}
				if values != nil {
					t.Errorf("there are values beside the errors: %v", values)
				}
			})
		}
	}
}

func TestCoercingVariableValues(t *testing.T) { // 6.1.2
	t.Parallel()
	for name, tc := range map[string]struct {
		definitions, sent string
		want              map[string]any
		wrong             []string
	}{
		"none":                                     {"$v: Int", `{}`, map[string]any{}, nil},
		"null is not none":                         {"$v: Int", `{"v":null}`, map[string]any{"v": nil}, nil},
		"a default for none":                       {"$v: Int = 5", `{}`, map[string]any{"v": int64(5)}, nil},
		"no default for null":                      {"$v: Int = 5", `{"v":null}`, map[string]any{"v": nil}, nil},
		"a default of null":                        {"$v: Int = null", `{}`, map[string]any{"v": nil}, nil},
		"a default that must not be null":          {"$v: Int! = 5", `{}`, map[string]any{"v": int64(5)}, nil},
		"null in its place":                        {"$v: Int! = 5", `{"v":null}`, nil, []string{`variable "$v": cannot be null: its type is Int!`}},
		"none where one is required":               {"$v: Int!", `{}`, nil, []string{`variable "$v": a value is required, and none was given`}},
		"what the operation does not define":       {"$v: Int", `{"v":1,"w":"?"}`, map[string]any{"v": int64(1)}, nil},
		"a default of another form":                {"$v: [Float] = 5, $w: ID = 6", `{}`, map[string]any{"v": []any{5.0}, "w": "6"}, nil},
		"a default with defaults within":           {"$v: Within = {unit: \"cm\"}", `{}`, map[string]any{"v": map[string]any{"unit": "cm", "depth": int64(3)}}, nil},
		"each variable is reported":                {"$v: Int!, $w: String!", `{"w":1}`, nil, []string{`variable "$v": a value is required, and none was given`, `variable "$w": 1 is not a String`}},
		"and each place in it, in one same order":  {"$v: In", `{"v":{"usual":"x","z":1,"y":2}}`, nil, []string{`variable "$v", at must: a value is required, and none was given`, `variable "$v", at usual: "x" is not an Int: a whole number`, `variable "$v", at y: In has no such field`, `variable "$v", at z: In has no such field`}},
		"a variable that hides in a list of lists": {"$v: [[In!]!]", `{"v":[[{"must":1}],[{"must":1},{"must":2,"sure":[1,2,null]}]]}`, nil, []string{`variable "$v", at [1][1].sure[2]: cannot be null: its type is Int!`}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, values, errs := coerced(t, "query("+tc.definitions+") { h }", tc.sent)
			if diff := cmp.Diff(tc.want, values); diff != "" {
				t.Errorf("values (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tc.wrong, messages(errs)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

// An error has all that a client needs to find the value. It has no path, because nothing has run.
func TestErrorsOfVariables(t *testing.T) {
	t.Parallel()
	_, _, errs := coerced(t, "query A(\n  $ok: Int\n  $v: [In!]) { h }", `{"v":[{"must":1},{"must":2,"sure":["x"]}]}`)
	want := gqlerror.List{{
		Message:    `variable "$v", at [1].sure[0]: "x" is not an Int: a whole number`,
		Locations:  []gqlerror.Location{{Line: 3, Column: 3}},
		Extensions: map[string]any{"code": "BAD_USER_INPUT", "inputPath": []any{"v", 1, "sure", 0}},
	}}
	if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", errs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestErrorsAreBounded(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("9", 5000)
	for name, sent := range map[string]string{
		"a number":                      `{"v":` + long + `}`,
		"a text":                        `{"v":"` + long + `"}`,
		"a text of wide characters":     `{"v":"` + strings.Repeat("ü", 5000) + `"}`,
		"a text that escapes are as of": `{"v":"` + strings.Repeat(`\u0001`, 5000) + `"}`,
		"many items":                    `{"v":[` + strings.Repeat(`"x",`, 5000) + `1]}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, _, errs := coerced(t, `query($v: [Int]) { h }`, sent)
			if len(errs) == 0 || len(errs) > 10 {
				t.Errorf("%d errors, want 1 to 10", len(errs))
			}
			for _, e := range errs {
				if len(e.Message) > 600 {
					t.Errorf("a message of %d bytes", len(e.Message))
				}
			}
		})
	}
	_, _, errs := coerced(t, `query($v: In) { h }`, `{"v":{"must":1,"`+long+`":2}}`)
	if len(errs) != 1 || len(errs[0].Message) > 600 || len(errs[0].Extensions["inputPath"].([]any)[1].(string)) > 110 {
		t.Errorf("errors %v, want a short one", errs)
	}
}
