package cost_test

import (
	"fmt"
	"testing"

	"github.com/vektah/gqlparser/v2/validator"
	"pgregory.net/rapid"

	"roster/internal/cost"
)

// lengths are the lengths of all lists, and how often the key "twice" names one object.
type lengths struct{ items, twice int }

func (l lengths) Longest(_ string, objects int) (items int, disjoint, ok bool) {
	return l.items * objects, false, true
}

func (l lengths) Repeats(keys []any) int {
	n := 1
	for _, key := range keys {
		if key == "twice" {
			n = max(n, l.twice)
		}
	}
	return n
}

func (l lengths) Version() string { return fmt.Sprint(l) }

// The estimate that is kept is the one for the present variables and lengths.
func TestEstimateIsThatOfTheRequest(t *testing.T) {
	t.Parallel()
	costs := cost.NewSchema(schema)
	texts := rapid.SampledFrom([]any{"a", "twice", nil})
	sizes := rapid.SampledFrom([]any{nil, int64(0), int64(3), int64(400), float64(3)})
	for document, variables := range map[string]map[string]*rapid.Generator[any]{
		`query($n: Int) { people(first: $n) { nodes { emails } } }`:                     {"n": sizes},
		`query($n: Int, $m: Int) { people(first: $n, last: $m) { total } }`:             {"n": sizes, "m": sizes},
		`query($k: ID!) { byKeys(keys: ["twice", $k]) { many { emails } } }`:            {"k": texts},
		`query($k: ID!) { ...F } fragment F on Query { byKeys(keys: [$k]) { emails } }`: {"k": texts},
		`query($k: [ID!]!) { byKeys(keys: $k) { emails } }`: {"k": rapid.Custom(func(t *rapid.T) any {
			return rapid.SliceOfN(texts, 0, 3).Draw(t, "keys")
		})},
		`query($i: [ID!]) { found(filter: {ids: $i}) { emails } }`: {"i": rapid.Custom(func(t *rapid.T) any {
			return rapid.SliceOfN(texts, 0, 3).Draw(t, "ids")
		})},
		`query($f: Filter) { found(filter: $f) { emails } }`: {"f": rapid.Custom(func(t *rapid.T) any {
			return map[string]any{"ids": rapid.SliceOfN(texts, 0, 3).Draw(t, "ids")}
		})},
	} {
		doc := parse(t, document)
		if errs := validator.ValidateWithRules(schema, doc, nil); len(errs) > 0 {
			t.Fatal(errs)
		}
		definition := doc.Operations[0]
		rapid.Check(t, func(rt *rapid.T) {
			op := costs.Operation(definition)
			for range 5 {
				given := make(map[string]any)
				for name, of := range variables {
					given[name] = of.Draw(rt, name)
				}
				var lists cost.Lists
				if rapid.Bool().Draw(rt, "with lengths") {
					lists = lengths{rapid.IntRange(0, 3).Draw(rt, "items"), rapid.IntRange(1, 3).Draw(rt, "twice")}
				}
				if got, want := op.Estimate(given, lists), costs.Estimate(definition, given, lists); got != want {
					rt.Fatalf("%s %v %v: %d, want %d", document, given, lists, got, want)
				}
			}
		})
	}
}
