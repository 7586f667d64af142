package randdoc_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/randdoc"
	"roster/resolvers"
)

// All documents are valid, and all fields and arguments of the schema occur, except those of mutations and subscriptions.
func TestDocumentsAreValid(t *testing.T) {
	t.Parallel()
	api := &resolvers.Resolver{}
	schema := api.Schema().Schema()
	world := randdoc.NewWorld(map[string]any{"id": "x", "name": "Zoë"})
	occur := make(map[string]bool)
	for seed := range uint64(3_000) {
		d := randdoc.New(schema, rand.New(rand.NewPCG(seed, 1)), world)
		doc, err := parser.ParseQuery(&ast.Source{Input: d.Text})
		if err != nil {
			t.Fatalf("seed %d: %s\n%v", seed, d.Text, err)
		}
		if errs := api.Prepare(doc, rules.NewDefaultRules()); len(errs) > 0 {
			t.Errorf("seed %d: %s\n%v", seed, d.Text, errs)
		}
		note(occur, doc.Operations[0].SelectionSet)
	}
	for _, def := range schema.Types {
		if def == schema.Mutation || def == schema.Subscription || def.Name == "Change" || !def.IsCompositeType() || strings.HasPrefix(def.Name, "__") || strings.HasSuffix(def.Name, "Payload") || def.Name == "UserError" || def.Name == "Entity" {
			continue
		}
		for _, f := range def.Fields {
			if strings.HasPrefix(f.Name, "__") {
				continue
			}
			names := []string{def.Name + "." + f.Name}
			for _, a := range f.Arguments {
				names = append(names, names[0]+" "+a.Name)
			}
			for _, name := range names {
				if !occur[name] {
					t.Errorf("%s does not occur", name)
				}
			}
		}
	}
	for _, name := range []string{"@skip", "@include", "..."} {
		if !occur[name] {
			t.Errorf("%s does not occur", name)
		}
	}
}

func note(occur map[string]bool, set ast.SelectionSet) {
	directives := func(of ast.DirectiveList) {
		for _, d := range of {
			occur["@"+d.Name] = true
		}
	}
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			directives(s.Directives)
			name := s.ObjectDefinition.Name + "." + s.Name
			occur[name] = true
			for _, a := range s.Arguments {
				occur[name+" "+a.Name] = true
			}
			note(occur, s.SelectionSet)
		case *ast.InlineFragment:
			directives(s.Directives)
			note(occur, s.SelectionSet)
		case *ast.FragmentSpread:
			occur["..."] = true
			directives(s.Directives)
			note(occur, s.Definition.SelectionSet)
		}
	}
}

// The same choices make the same document, and failing choices are reduced.
func TestShrink(t *testing.T) {
	t.Parallel()
	schema := (&resolvers.Resolver{}).Schema().Schema()
	world := randdoc.NewWorld(nil)
	text := func(d randdoc.Dice) string { return randdoc.New(schema, d, world).Text }
	fails := func(d randdoc.Dice) bool { return strings.Contains(text(d), "facets") }
	for seed := range uint64(1_000) {
		recorded := &randdoc.Recorder{Dice: rand.New(rand.NewPCG(seed, 2))}
		first := text(recorded)
		if !strings.Contains(first, "facets") {
			continue
		}
		again := slices.Clone(recorded.Thrown)
		if got := text(&again); got != first {
			t.Fatalf("the same choices make\n%s\nand\n%s", first, got)
		}
		least := randdoc.Shrink(recorded.Thrown, fails)
		if got := text(&least); len(got) > 160 || !strings.Contains(got, "facets") {
			t.Errorf("%s\nis reduced to\n%s", first, got)
		}
		return
	}
	t.Error("no document has facets")
}
