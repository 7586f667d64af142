package coerce_test

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/coerce"
)

func TestCoercingFieldArguments(t *testing.T) { // 6.4.1
	t.Parallel()
	for name, tc := range map[string]struct {
		document, sent string
		want           map[string]any // the arguments of the first field; nil if they are not looked at
		wrong          string
	}{
		"none":                                {`{ g }`, `{}`, map[string]any{"usual": int64(7), "musts": []any{int64(1)}}, ""},
		"a variable without a value":          {`query($v: Int) { g(int: $v) }`, `{}`, map[string]any{"usual": int64(7), "musts": []any{int64(1)}}, ""},
		"a variable that is null":             {`query($v: Int) { g(int: $v) }`, `{"v":null}`, map[string]any{"int": nil, "usual": int64(7), "musts": []any{int64(1)}}, ""},
		"the argument's default for no value": {`query($v: Int) { g(usual: $v) }`, `{}`, map[string]any{"usual": int64(7), "musts": []any{int64(1)}}, ""},
		"null where the argument has a default": {`query($v: Int) { g(usual: $v) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "usual" of the field g, whose type is Int!`},
		"the variable's default": {`query($v: Int = 9) { f(must: $v, must2: {must: $v}) }`, `{}`, nil, ""},
		"null where the variable has a default": {`query($v: Int = 9) { f(must: $v, must2: {must: 1}) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "must" of the field f, whose type is Int!`},
		"null for a list": {`query($v: [Int!]) { g(musts: $v) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "musts" of the field g, whose type is [Int!]!`},
		"in an object": {`query($v: Int) { g(in: {must: 1, usual: $v}) }`, `{}`, map[string]any{
			"in": map[string]any{"must": int64(1)}, "usual": int64(7), "musts": []any{int64(1)}}, ""},
		"null in an object": {`query($v: Int) { g(in: {must: 1, usual: $v}) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "in" of the field g, at usual, whose type is Int!`},
		"null in objects in a list": {`query($v: Int = 1) { g(ins: [{must: 1}, {must: 2, within: {must: $v}}]) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "ins" of the field g, at [1].within.must, whose type is Int!`},
		"null as an item": {`query($v: ID = 1) { g(ids: ["a", $v]) }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "ids" of the field g, at [1], whose type is ID!`},
		"an item that may be null": {`query($v: Int) { f(must: 1, must2: {must: 1}, matrix: [[1, $v]]) }`, `{}`, nil, ""},
		"null in JSON":             {`query($v: JSON) { g(json: {a: [$v]}) }`, `{"v":null}`, nil, ""},
		"below, under aliases": {`query($v: Int) { a: g { b: g { c: g(usual: $v) } } }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "usual" of the field a.b.c, whose type is Int!`},
		"in a fragment": {`query($v: Int) { a: g { ...F } } fragment F on Query { g { ... { c: g(usual: $v) } } }`, `{"v":null}`, nil,
			`variable "$v" cannot be null: it is used in the argument "usual" of the field a.g.c, whose type is Int!`},
		"in another operation only": {`query A($v: Int) { g(int: $v) } query B($v: Int) { g(usual: $v) }`, `{"v":null}`, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op, values, errs := coerced(t, tc.document, tc.sent)
			if tc.wrong != "" {
				if diff := cmp.Diff([]string{tc.wrong}, messages(errs)); diff != "" {
					t.Errorf("messages (-want +got):\n%s", diff)
				}
				return
			}
			if len(errs) > 0 {
				t.Fatal(errs)
			}
			if tc.want != nil {
				if diff := cmp.Diff(tc.want, firstField(op).ArgumentMap(values)); diff != "" {
					t.Errorf("arguments (-want +got):\n%s", diff)
				}
			}
		})
	}
}

// The definition of a variable is that of the operation that runs, also in a fragment that another operation shares.
func TestSharedFragment(t *testing.T) {
	t.Parallel()
	doc, errs := read(`query A($v: Int) { ...F } query B($v: Int = 5) { ...F } fragment F on Query { g(in: {must: 1, usual: $v}) }`)
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	prepared := coerce.NewDocument(schema, doc)
	for i, want := range []map[string]any{{"must": int64(1)}, {"must": int64(1), "usual": int64(5)}} {
		values, errs := prepared.Values(doc.Operations[i], map[string]any{})
		if len(errs) > 0 {
			t.Fatal(errs)
		}
		if diff := cmp.Diff(want, firstField(doc.Operations[i]).ArgumentMap(values)["in"]); diff != "" {
			t.Errorf("operation %d (-want +got):\n%s", i, diff)
		}
	}
}

func TestSkipAndInclude(t *testing.T) { // 3.13.1 and 3.13.2
	t.Parallel()
	const yes, no, null = `{"s":true,"v":null}`, `{"s":false,"v":null}`, `{"s":null,"v":1}`
	const usual = `variable "$v" cannot be null: it is used in the argument "usual" of the field g, whose type is Int!`
	skip := func(at string) string {
		return `variable "$s" cannot be null: it is used in the argument "if" of @skip at ` + at + `, whose type is Boolean!`
	}
	for name, tc := range map[string]struct{ selection, sent, wrong string }{
		"a field":                          {`g(usual: $v) @skip(if: $s)`, no, usual},
		"a field that is left out":         {`g(usual: $v) @skip(if: $s)`, yes, ""},
		"a field of which nobody knows":    {`g(usual: $v) @skip(if: $s)`, null, skip("g")},
		"what is below it":                 {`a: g @skip(if: $s) { g(usual: $v) }`, yes, ""},
		"an inline fragment":               {`... @skip(if: $s) { g(usual: $v) }`, no, usual},
		"one that is left out":             {`... @skip(if: $s) { g(usual: $v) }`, yes, ""},
		"one of which nobody knows":        {`a: g { ... @skip(if: $s) { h } }`, null, skip("a")},
		"a fragment":                       {`...F @skip(if: $s)`, no, usual},
		"a fragment that is left out":      {`...F @skip(if: $s)`, yes, ""},
		"a fragment of which nobody knows": {`...F @skip(if: $s)`, null, `variable "$s" cannot be null: it is used in the argument "if" of @skip, whose type is Boolean!`},
		"a fragment that is used again":    {`...F @skip(if: $s) a: g { ...F }`, yes, `variable "$v" cannot be null: it is used in the argument "usual" of the field a.g, whose type is Int!`},
		"a directive in a fragment":        {`a: g { ...G }`, null, skip("a.h")},
		"a directive in what is left out":  {`a: g @skip(if: true) { h @skip(if: $s) }`, null, ""},
		"include":                          {`g(usual: $v) @include(if: $s)`, yes, usual},
		"include of what is left out":      {`g(usual: $v) @include(if: $s)`, no, ""},
		"include of which nobody knows": {`g @include(if: $s)`, null,
			`variable "$s" cannot be null: it is used in the argument "if" of @include at g, whose type is Boolean!`},
		"both, of which one leaves it out": {`g(usual: $v) @include(if: true) @skip(if: $s)`, yes, ""},
		"both":                             {`g(usual: $v) @include(if: true) @skip(if: $s)`, no, usual},
		"a constant":                       {`g(usual: $v) @skip(if: true)`, no, ""},
		"another constant":                 {`g(usual: $v) @include(if: true)`, no, usual},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			fragments := ""
			if name != "a directive in a fragment" {
				fragments = " fragment F on Query { g(usual: $v) } query Other($v: Int) { ...F }"
			} else {
				fragments = " fragment G on Query { h @skip(if: $s) }"
			}
			_, _, errs := coerced(t, `query Q($s: Boolean = false, $v: Int) { h `+tc.selection+` }`+fragments, tc.sent)
			var want []string
			if tc.wrong != "" {
				want = []string{tc.wrong}
			}
			if diff := cmp.Diff(want, messages(errs)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}

func TestErrorsOfArguments(t *testing.T) {
	t.Parallel()
	_, _, errs := coerced(t, "query A($v: Int = 1) {\n  a: g(ins: [{must: $v}]) }", `{"v":null}`)
	want := gqlerror.List{{
		Message:    `variable "$v" cannot be null: it is used in the argument "ins" of the field a, at [0].must, whose type is Int!`,
		Locations:  []gqlerror.Location{{Line: 2, Column: 21}},
		Extensions: map[string]any{"code": "BAD_USER_INPUT", "inputPath": []any{"ins", 0, "must"}},
	}}
	if diff := cmp.Diff(fmt.Sprintf("%+v", want), fmt.Sprintf("%+v", errs)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLiterals(t *testing.T) { // 5.6.1
	t.Parallel()
	for _, tc := range []struct{ argument, wrong string }{
		{`int: 2147483647`, ""}, {`int: -2147483648`, ""}, {`ids: [2147483648]`, ""}, {`colour: RED`, ""}, {`pick: {id: 1}`, ""},
		{`int: 2147483648`, "Int cannot represent non 32-bit signed integer value: 2147483648"},
		{`in: {must: -2147483649}`, "Int cannot represent non 32-bit signed integer value: -2147483649"},
		{`int: {}`, "Int cannot represent an object"}, {`colour: {}`, "Colour cannot represent an object"}, {`string: {}`, "String cannot represent an object"},
		{`json: {a: [1, 1.5, "x", RED, null, {}]}`, ""}, {`json: [99999999999999999999]`, "JSON cannot represent a number of this size: 99999999999999999999"},
		{`json: 1e999`, "JSON cannot represent a number of this size: 1e999"},
		{`time: "2026-01-02T03:04:05Z"`, ""}, {`time: null`, ""}, {`time: "2026"`, `"2026" is not a DateTime: a string as in RFC 3339, with an offset`},
		{`time: 5`, `5 is not a DateTime: a string as in RFC 3339, with an offset`}, {`time: NOW`, `NOW is not a DateTime: a string as in RFC 3339, with an offset`},
		{`url: "a"`, `"a" is not a URL: a string with an absolute address`}, {`url: "https://a.test"`, ""},
	} {
		t.Run(tc.argument, func(t *testing.T) {
			t.Parallel()
			_, errs := read("{ g(" + tc.argument + ") }")
			var want []string
			if tc.wrong != "" {
				want = []string{tc.wrong}
			}
			if diff := cmp.Diff(want, messages(errs)); diff != "" {
				t.Errorf("messages (-want +got):\n%s", diff)
			}
		})
	}
}
