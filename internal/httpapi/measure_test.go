package httpapi

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"
)

// The number of items in lists is the same in the text of variables, in their values, and in a document with them as literals.
func TestItemsAreCountedAlike(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		items, members := 0, 2
		var value func(depth int) any
		value = func(depth int) any {
			switch rapid.SampledFrom([]string{"list", "object", "text", "number"}[:4-2*min(1, depth/4)]).Draw(rt, "kind") {
			case "list":
				list := make([]any, rapid.IntRange(0, 3).Draw(rt, "length"))
				items += len(list)
				for i := range list {
					list[i] = leafOr(rt, depth, value)
				}
				return list
			case "object":
				object := make(map[string]any)
				for _, name := range []string{"a", "b"}[:rapid.IntRange(0, 2).Draw(rt, "fields")] {
					object[name] = leafOr(rt, depth, value)
					members++
				}
				return object
			case "text":
				return rapid.SampledFrom([]string{"", "[,]", `"`, `\`, "{[", "ü,"}).Draw(rt, "text")
			}
			return rapid.Int().Draw(rt, "number")
		}
		variables := map[string]any{"v": value(1), "w": value(1)}
		indent := rapid.SampledFrom([]string{"", "\t"}).Draw(rt, "indent")
		text, err := json.MarshalIndent(variables, "", indent)
		if err != nil {
			rt.Fatal(err)
		}
		if got := measure(text); got.items != items || got.members != members {
			rt.Errorf("%d items and %d members in %s, want %d and %d", got.items, got.members, text, items, members)
		}
		if got := itemsIn(variables); got != items {
			rt.Errorf("%d items in the values of %s, want %d", got, text, items)
		}
		literal := func(name string) string {
			text, err := json.Marshal(variables[name])
			if err != nil {
				rt.Fatal(err)
			}
			return strings.NewReplacer(`"a":`, "a:", `"b":`, "b:").Replace(string(text))
		}
		doc, parseErr := parser.ParseQuery(&ast.Source{Input: "query($d: X = " + literal("v") + ") { a { ... on Q { b(x: " + literal("w") + ") } } }"})
		if parseErr != nil {
			rt.Fatal(parseErr)
		}
		if got := itemsOf(doc); got != items {
			rt.Errorf("%d items in a document with %s, want %d", got, text, items)
		}
	})
}

// leafOr returns a value one level deeper, or a leaf at the greatest depth.
func leafOr(rt *rapid.T, depth int, value func(int) any) any {
	if depth >= 5 {
		return rapid.Bool().Draw(rt, "leaf")
	}
	return value(depth + 1)
}

func TestItemsOfTexts(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]shape{
		`{}`: {0, 0, 0}, `{"v":[]}`: {1, 0, 1}, `{"v":[ ]}`: {1, 0, 1}, `{"v":[1]}`: {1, 1, 1}, `{"v":["a,b",[1,2],{}]}`: {2, 5, 1},
		`{"v":{"a":1,"b":":"}}`: {1, 0, 3}, `[[1,2`: {1, 3, 0}, `]],,`: {0, 0, 0}, `"[1,2]"`: {0, 0, 0}, `{"v":["\"",","]}`: {1, 2, 1},
	} {
		if got := measure([]byte(text)); got != want {
			t.Errorf("%s: %+v, want %+v", text, got, want)
		}
	}
}
