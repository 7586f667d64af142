package coerce_test

import (
	"bytes"
	"encoding/json"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"roster/internal/coerce"
)

var schema = gqlparser.MustLoadSchema(&ast.Source{Input: `
	type Query {
		f(int: Int, must: Int!, usual: Int! = 7, float: Float, string: String, boolean: Boolean, id: ID, ids: [ID!]
			time: DateTime, url: URL, json: JSON, colour: Colour, matrix: [[Int]], in: In, must2: In!, ins: [In!], pick: Pick): Query
		g(int: Int, usual: Int! = 7, ids: [ID!], musts: [Int!]! = [1], in: In, ins: [In!], pick: Pick, json: JSON, time: DateTime, url: URL, id: ID
			colour: Colour, string: String): Query
		h: String
	}
	enum Colour { RED GREEN }
	input In { must: Int! usual: Int! = 7 maybe: String sure: [Int!] within: In colours: [Colour] = [RED] later: Within = {} }
	input Within { depth: Int = 3 unit: String! = "m" }
	input Pick @oneOf { id: ID name: String in: In }
	scalar DateTime
	scalar URL
	scalar JSON
`})

// read parses and validates a document. Unused variables and missing selections are allowed.
func read(text string) (*ast.QueryDocument, gqlerror.List) {
	doc, err := parser.ParseQuery(&ast.Source{Input: text})
	if err != nil {
		return nil, gqlerror.List{gqlerror.Wrap(err)}
	}
	if len(doc.Operations) == 0 {
		return nil, gqlerror.List{gqlerror.Errorf("there is no operation")}
	}
	r := rules.NewDefaultRules()
	r.RemoveRule(rules.NoUnusedVariablesRule.Name)
	r.RemoveRule(rules.ScalarLeafsRule.Name)
	r.AddRule(coerce.Literals.Name, coerce.Literals.RuleFunc)
	return doc, validator.ValidateWithRules(schema, doc, r)
}

// coerced returns the coerced values of the variables of a document's operation.
func coerced(t testing.TB, text, variables string) (*ast.OperationDefinition, map[string]any, gqlerror.List) {
	t.Helper()
	doc, errs := read(text)
	if len(errs) > 0 {
		t.Fatalf("the document is not valid: %v", errs)
	}
	values, errs := coerce.NewDocument(schema, doc).Values(doc.Operations[0], fromJSON(t, variables))
	return doc.Operations[0], values, errs
}

// fromJSON decodes variables as the server does.
func fromJSON(t rapid.TB, text string) (values map[string]any) {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	if err := decoder.Decode(&values); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return values
}

func messages(errs gqlerror.List) []string {
	var out []string
	for _, e := range errs {
		out = append(out, e.Message)
	}
	return out
}

// firstField returns the first field of an operation, or of the fragment at its beginning.
func firstField(op *ast.OperationDefinition) *ast.Field {
	switch s := op.SelectionSet[0].(type) {
	case *ast.Field:
		return s
	case *ast.FragmentSpread:
		return s.Definition.SelectionSet[0].(*ast.Field)
	}
	return nil
}
