package httpapi

import (
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// What readParams reads, encoding/json reads in the same way, and the request has the shape that is allowed.
func FuzzReadParams(f *testing.F) {
	for _, text := range []string{
		`{"query":"{ users { totalCount } }"}`, `{"query":"query($a: Int) {\n  a\t\"b\" }","variables":{"a":1,"b":[1.5,-0,2e+3,true,false,null,"x",{}],"c":{"d":[[]]}},"operationName":null}`,
		` { "query" : "x" , "extensions" : { "cost" : true } } `, `{"query":"a","query":"b"}`, `{"Query":"a"}`, `{"query":"\u0041"}`, `{"query":"a"}x`, `{"query":1}`, `{}`,
		`{"variables":{"a":01}}`, `{"variables":{"a":1.}}`, `{"variables":{"a":1,"a":2}}`, `{"variables":null,"operationName":"x\\/\b"}`, `{"variables":{"":-}}`, `[`, `{"query":"`,
		`{"variables":{"a":[{"b":{"c":{"d":{}}}}]}}`, `{"headers":{}}`,
	} {
		f.Add(text)
	}
	most := shape{depth: 5, items: 6, members: 8}
	f.Fuzz(func(t *testing.T, text string) {
		if !utf8.ValidString(text) {
			return
		}
		var got, want graphql.RawParams
		if !readParams([]byte(text), most, nil, &got) {
			return
		}
		if !whole([]byte(text), &want) {
			t.Fatalf("%q is read, and is not JSON", text)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(graphql.RawParams{}, "Headers", "ReadTime")); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
		if s := measure([]byte(text)); s.depth > most.depth || s.items > most.items || s.members > most.members {
			t.Errorf("%q has the shape %v, more than %v", text, s, most)
		}
	})
}

// Ordinary requests are read without encoding/json.
func TestReadParamsOfOrdinaryRequests(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		`{"query":"{ users { totalCount } }"}`,
		`{"operationName":"Q","query":"query Q($n: Int!) {\n  users(first: $n) { totalCount }\n}","variables":{"n":10,"filter":{"teams":["a"],"active":true}}}`,
		`{"query":"{ a }","variables":{},"extensions":{"persistedQuery":{"version":1}}}`,
	} {
		var p graphql.RawParams
		if !readParams([]byte(text), shape{depth: 5, items: 10, members: 20}, nil, &p) {
			t.Errorf("%s is not read", text)
		}
	}
}
