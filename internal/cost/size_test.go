package cost_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"pgregory.net/rapid"

	"roster/internal/cost"
)

func parse(t testing.TB, text string) *ast.QueryDocument {
	t.Helper()
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	return doc
}

// doubling returns a chain of n fragments, each of which uses the next one twice.
func doubling(n int) string {
	var b strings.Builder
	b.WriteString("{ ...F0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Q { a { ...F%d } b { ...F%d } }", i, i+1, i+1)
	}
	fmt.Fprintf(&b, " fragment F%d on Q { x }", n)
	return b.String()
}

// toNone returns a chain of n fragments, each of which uses the next one twice. The last fragment is missing.
func toNone(n int) string {
	var b strings.Builder
	b.WriteString("{ ...F0 }")
	for i := range n {
		fmt.Fprintf(&b, " fragment F%d on Q { ...F%d ...F%d }", i, i+1, i+1)
	}
	return b.String()
}

func TestMeasure(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document string
		want     cost.Size
	}{
		"one field":          {`{ a }`, cost.Size{Depth: 1, Fields: 1, Roots: 1}},
		"levels":             {`{ a { b { c } } d }`, cost.Size{Depth: 3, Fields: 4, Roots: 2}},
		"aliases":            {`{ x: a  a: a  y: b { z: c } }`, cost.Size{Depth: 2, Fields: 4, Roots: 3, Aliases: 3}},
		"directives":         {`query ($v: Int @d) @d { a @d @d ... @d { b } ...F @d } fragment F on Q @d { c @d }`, cost.Size{Depth: 1, Fields: 3, Roots: 3, Directives: 8}},
		"a fragment twice":   {`{ a { ...F } b { ...F } } fragment F on Q { x: c { d } }`, cost.Size{Depth: 3, Fields: 6, Roots: 2, Aliases: 2}},
		"an unused one":      {`{ a } fragment F on Q { b c }`, cost.Size{Depth: 1, Fields: 3, Roots: 1}},
		"one that is not":    {`{ a ...F }`, cost.Size{Depth: 1, Fields: 2, Roots: 1}},
		"one name twice":     {`{ ...F } fragment F on Q { a } fragment F on Q @d { x: b { c } }`, cost.Size{Depth: 1, Fields: 3, Roots: 1, Aliases: 1, Directives: 1}},
		"one in itself":      {`{ ...F } fragment F on Q { a { ...F } }`, cost.Size{Depth: 1, Fields: 1, Roots: 1, Cycle: "F"}},
		"two in each other":  {`{ ...F } fragment F on Q { a ...G } fragment G on Q { b ...F }`, cost.Size{Depth: 1, Fields: 2, Roots: 2, Cycle: "F"}},
		"several operations": {`query A { a b } query B { c { d } }`, cost.Size{Depth: 2, Fields: 4, Roots: 2}},
		"the schema":         {`{ __schema { types { fields { name } } } }`, cost.Size{Depth: 1, Fields: 4, Roots: 1}},
		"doubling":           {doubling(3), cost.Size{Depth: 4, Fields: 22, Roots: 2}},
		"doubling to none":   {toNone(200), cost.Size{Fields: cost.Most}},
		"doubling for ever":  {doubling(200), cost.Size{Depth: 201, Fields: cost.Most, Roots: 2}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tc.want, cost.Measure(parse(t, tc.document))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestPairs(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		document string
		want     int
	}{
		"none":                    {`{ a b c: a }`, 0},
		"one":                     {`{ a a }`, 1},
		"three of a name":         {`{ a a a }`, 3},
		"an alias like a name":    {`{ a a: b }`, 1},
		"below":                   {`{ a { x } a { x } }`, 2},
		"through a fragment":      {`{ a ...F } fragment F on Q { a }`, 1},
		"through inline ones":     {`{ a ... { a } ... on Q { a } }`, 3},
		"a fragment in both":      {`{ a { ...F } a { ...F } } fragment F on Q { x { y } }`, 3},
		"in an unused fragment":   {`{ a } fragment F on Q { b b }`, 1},
		"different places":        {`{ a { x } b { x } }`, 0},
		"more than are counted":   {"{" + strings.Repeat(" a", 500) + "}", 124_750},
		"many places of one kind": {"{" + strings.Repeat(" a { b c }", 20) + "}", 3 * 190},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := cost.Pairs(parse(t, tc.document), cost.Most); got != tc.want {
				t.Errorf("%d pairs, want %d", got, tc.want)
			}
		})
	}
	if got := cost.Pairs(parse(t, "{"+strings.Repeat(" a { a { a } }", 200)+"}"), 1000); got <= 1000 {
		t.Errorf("counting ends at %d, want it beyond 1000", got)
	}
}

// The size of a document equals the size of the same document with its fragments expanded.
func TestMeasureExpands(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const fragments = 5
		var selection func(from, depth int) string
		selection = func(from, depth int) string {
			var b strings.Builder
			b.WriteString("{")
			for range rapid.IntRange(1, 3).Draw(rt, "n") {
				switch kind := rapid.IntRange(0, 4).Draw(rt, "kind"); {
				case kind == 0 && from < fragments:
					fmt.Fprintf(&b, " ...F%d", rapid.IntRange(from, fragments-1).Draw(rt, "which"))
				case kind == 1 && depth > 0:
					b.WriteString(" ..." + selection(from, depth-1))
				case kind == 2 && depth > 0:
					b.WriteString(" x: f" + selection(from, depth-1))
				case kind == 3:
					b.WriteString(" g @d")
				default:
					b.WriteString(" f")
				}
			}
			return b.String() + " }"
		}
		parts := make([]string, fragments)
		for i := range parts {
			parts[i] = selection(i+1, 2)
		}
		query := selection(0, 3)
		document, written := query, query
		for i, part := range parts {
			document += fmt.Sprintf(" fragment F%d on Q %s", i, part)
		}
		for range parts {
			for i, part := range parts {
				written = strings.ReplaceAll(written, fmt.Sprintf("...F%d", i), "..."+part)
			}
		}
		got, want := cost.Measure(&ast.QueryDocument{Operations: parse(t, document).Operations, Fragments: used(parse(t, document))}), cost.Measure(parse(t, written))
		if diff := cmp.Diff(want, got); diff != "" {
			rt.Errorf("%s\nwritten out: %s\n(-want +got):\n%s", document, written, diff)
		}
	})
}

// used returns the fragments that operations use.
func used(doc *ast.QueryDocument) ast.FragmentDefinitionList {
	seen := make(map[string]bool)
	var look func(set ast.SelectionSet)
	look = func(set ast.SelectionSet) {
		for _, s := range set {
			switch s := s.(type) {
			case *ast.Field:
				look(s.SelectionSet)
			case *ast.InlineFragment:
				look(s.SelectionSet)
			case *ast.FragmentSpread:
				if !seen[s.Name] {
					seen[s.Name] = true
					look(doc.Fragments.ForName(s.Name).SelectionSet)
				}
			}
		}
	}
	look(doc.Operations[0].SelectionSet)
	var kept ast.FragmentDefinitionList
	for _, f := range doc.Fragments {
		if seen[f.Name] {
			kept = append(kept, f)
		}
	}
	return kept
}

// Measuring ends for every document that can be parsed, and no count is negative.
func FuzzMeasure(f *testing.F) {
	for _, seed := range []string{`{ a }`, doubling(3), toNone(40), `{ ...F } fragment F on Q { a { ...F } }`, `query A($v: Int @d) { x: a } query B { __schema { types { name } } }`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, 1000)
		if err != nil {
			return
		}
		size := cost.Measure(doc)
		if size.Depth < 0 || size.Fields < 0 || size.Fields > cost.Most || size.Roots > size.Fields {
			t.Errorf("%+v", size)
		}
		if size.Cycle == "" && size.Fields < 2000 {
			if n := cost.Pairs(doc, 1000); n < 0 {
				t.Errorf("%d pairs", n)
			}
		}
	})
}
