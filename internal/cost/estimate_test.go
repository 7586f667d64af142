package cost_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"

	"roster/internal/cost"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	directive @cost(weight: Int!) on FIELD_DEFINITION | OBJECT | SCALAR | ENUM | ARGUMENT_DEFINITION | INPUT_FIELD_DEFINITION
	directive @listSize(assumedSize: Int, slicingArguments: [String!], sizedFields: [String!], requireOneSlicingArgument: Boolean = true) on FIELD_DEFINITION
	type Query { me: Person people(first: Int, last: Int): People
		@listSize(assumedSize: 20, slicingArguments: ["first", "last"], sizedFields: ["nodes", "edges"], requireOneSlicingArgument: false)
		byKeys(keys: [ID!]!): [Person]! byAny(keys: [Any!]!): [Person]! dear: Dear
		found(filter: Filter, among: [ID!] @cost(weight: 3)): Person }
	input Filter { ids: [ID!] grid: [[Int!]!] each: [Filter!] @cost(weight: 100) not: Filter }
	scalar Any
	type People { nodes: [Person!]! edges: [Edge!]! total: Int! counts(first: Int! = 20): [Count!]! @cost(weight: 100) @listSize(slicingArguments: ["first"]) }
	type Edge { node: Person! cursor: String! }
	type Person { name: String emails: [String!]! boss: Person
		team(first: Int, kinds: [String!]): People @listSize(assumedSize: 20, slicingArguments: ["first"], sizedFields: ["nodes", "edges"])
		many: [Person!]! @listSize(assumedSize: 3) }
	type Count { value: String! count: Int! }
	type Dear @cost(weight: 50) { name: String }
`})

func TestEstimate(t *testing.T) {
	t.Parallel()
	costs := cost.NewSchema(schema)
	nested := func(n int) string {
		return "{ people(first: 500) { nodes { " + strings.Repeat("team(first: 500) { nodes { ", n-1) + "name" + strings.Repeat(" } }", n)
	}
	for name, tc := range map[string]struct {
		document  string
		variables map[string]any
		want      int
	}{
		"a value":                      {`{ __typename }`, nil, 1},
		"an object":                    {`{ me { name } }`, nil, 2},
		"a list of values":             {`{ me { emails } }`, nil, 1 + 5 + 1},
		"a list of an assumed size":    {`{ me { many { name } } }`, nil, 1 + 3*2 + 1},
		"a page of the usual size":     {`{ people { nodes { name } total } }`, nil, 1 + 20*2 + 1 + 1},
		"a page of a size":             {`{ people(first: 7) { nodes { name } total } }`, nil, 1 + 7*2 + 1 + 1},
		"a page from the end":          {`{ people(last: 7) { nodes { name } } }`, nil, 1 + 7*2 + 1},
		"both":                         {`{ people(first: 3, last: 7) { nodes { name } } }`, nil, 1 + 7*2 + 1},
		"edges":                        {`{ people(first: 7) { edges { cursor node { name } } } }`, nil, 1 + 7*4 + 1},
		"nothing but counts":           {`{ people(first: 0) { nodes { name } total } }`, nil, 1 + 1 + 1},
		"a size below zero":            {`{ people(first: -5) { nodes { name } } }`, nil, 1 + 20*2 + 1},
		"a size of null":               {`{ people(first: null) { nodes { name } } }`, nil, 1 + 20*2 + 1},
		"a size by a variable":         {`query($n: Int) { people(first: $n) { nodes { name } } }`, map[string]any{"n": json.Number("9")}, 1 + 9*2 + 1},
		"a variable that is not given": {`query($n: Int) { people(first: $n) { nodes { name } } }`, nil, 1 + 20*2 + 1},
		"a variable with a default":    {`query($n: Int = 8) { people(first: $n) { nodes { name } } }`, nil, 1 + 8*2 + 1},
		"through a fragment":           {`{ people(first: 7) { ...F ... { total } } } fragment F on People { nodes { name } }`, nil, 1 + 7*2 + 1 + 1},
		"a fragment in two pages":      {`{ a: people(first: 2) { ...F } b: people(first: 5) { ...F } } fragment F on People { nodes { name } }`, nil, 2 + 7*2 + 2},
		"pages in pages":               {`{ people(first: 10) { nodes { team(first: 10) { nodes { name } } } } }`, nil, 1 + 10*(1+1+10*2) + 11},
		"a list by keys":               {`{ byKeys(keys: ["a", "b", "c"]) { name } }`, nil, 3*2 + 1},
		"keys by a variable":           {`query($k: [ID!]!) { byKeys(keys: $k) { name } }`, map[string]any{"k": []any{"a", "b"}}, 2*2 + 1},
		"a field that is dear itself":  {`{ people(first: 0) { counts { value count } } }`, nil, 1 + 100 + 20*3 + 1},
		"and of a size":                {`{ people(first: 0) { counts(first: 2) { value } } }`, nil, 1 + 100 + 2*2 + 1},
		"a filter without a list":      {`{ found(filter: {not: {}}) { name } }`, nil, 2},
		"the items of a filter":        {`{ found(filter: {ids: ["a", "b"]}) { name } }`, nil, 2 + 2},
		"filters that are dear":        {`{ found(filter: {each: [{}, {ids: ["a"]}]}) { name } }`, nil, 2 + 2*100 + 1},
		"lists in lists":               {`{ found(filter: {grid: [[1, 2], [3]]}) { name } }`, nil, 2 + 2 + 3},
		"an argument that is dear":     {`{ found(among: ["a", "b"]) { name } }`, nil, 2 + 2*3},
		"a filter by a variable":       {`query($f: Filter) { found(filter: $f) { name } }`, map[string]any{"f": map[string]any{"each": []any{map[string]any{"ids": []any{"a", "b"}}}}}, 2 + 100 + 2},
		"a part of it by a variable":   {`query($f: [Filter!]) { found(filter: {each: $f}) { name } }`, map[string]any{"f": []any{map[string]any{}, map[string]any{}}}, 2 + 2*100},
		"for each field that uses it":  {`query($i: [ID!]) { a: found(among: $i) { name } b: found(filter: {ids: $i}) { name } }`, map[string]any{"i": []any{"a", "b"}}, 2*2 + 2*3 + 2},
		"each time that it is used":    {`{ people(first: 7) { nodes { team(first: 0, kinds: ["a", "b"]) { total } } } }`, nil, 1 + 7*(1+2+2) + 1},
		"what is in a key":             {`query($k: [Any!]!) { byAny(keys: $k) { name } }`, map[string]any{"k": []any{map[string]any{"x": []any{"a", "b", "c"}}}}, 3 + 2 + 1},
		"a type that is dear":          {`{ dear { name } }`, nil, 51},
		"the schema":                   {`{ __schema { types { name } } }`, nil, 1 + len(schema.Types)*2 + 1},
		"four pages in each other":     {nested(4) + " }", nil, cost.Most},
		"more than can be counted":     {nested(40) + " }", nil, cost.Most},
		"a size of more than 32 bits":  {`{ people(first: 99999999999) { nodes { name } } }`, nil, cost.Most},
		"a size of more than any bits": {`{ people(first: 99999999999999999999999) { nodes { name } } }`, nil, 1 + 20*2 + 1},
		"two pages in each other":      {nested(2) + " }", nil, 1 + 500*(1+1+500*2) + 501},
		"what is skipped counts":       {`query($s: Boolean!) { people(first: 7) @skip(if: $s) { nodes { name } } }`, map[string]any{"s": true}, 1 + 7*2 + 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			doc := parse(t, tc.document)
			for _, e := range validator.ValidateWithRules(schema, doc, nil) {
				if !strings.Contains(e.Message, "Int") { // some cases are counted although they are rejected later
					t.Fatal(e)
				}
			}
			variables, err := validator.VariableValues(schema, doc.Operations[0], tc.variables)
			if err != nil {
				t.Fatal(err)
			}
			if got := costs.Estimate(doc.Operations[0], variables, nil); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}
