// Command lines coerces what it reads, for the comparison with graphql-js in conformance. Each line of its input is a JSON object with a schema, a
// document of one operation, and variables as a text of JSON. Each line of its output has the errors, or the arguments of each field that would run, by
// the path of its aliases, as a resolver gets them.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/internal/coerce"
)

// longestLine is how long a line of the input may be.
const longestLine = 1 << 20

type line struct{ Schema, Document, Variables string }

type result struct {
	Errors    []string                  `json:"errors,omitempty"`
	Arguments map[string]map[string]any `json:"arguments"`
}

func main() {
	if err := run(os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(in io.Reader, out io.Writer) error {
	scanner := bufio.NewScanner(in)
	scanner.Buffer(nil, longestLine)
	encoder := json.NewEncoder(out)
	for scanner.Scan() {
		var l line
		if err := json.Unmarshal(scanner.Bytes(), &l); err != nil {
			return err
		}
		if err := encoder.Encode(l.result()); err != nil {
			return err
		}
	}
	return scanner.Err()
}

func (l line) result() result {
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: l.Schema})
	if err != nil {
		return refused(gqlerror.List{gqlerror.WrapIfUnwrapped(err)})
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: l.Document})
	if err != nil {
		return refused(gqlerror.List{gqlerror.WrapIfUnwrapped(err)})
	}
	by := rules.NewDefaultRules()
	by.AddRule(coerce.Literals.Name, coerce.Literals.RuleFunc)
	if errs := validator.ValidateWithRules(schema, doc, by); len(errs) > 0 {
		return refused(errs)
	}
	var given map[string]any
	decoder := json.NewDecoder(bytes.NewReader([]byte(l.Variables)))
	decoder.UseNumber()
	if err := decoder.Decode(&given); err != nil {
		return refused(gqlerror.List{gqlerror.WrapIfUnwrapped(err)})
	}
	op := doc.Operations[0]
	values, errs := coerce.NewDocument(schema, doc).Values(op, given)
	if len(errs) > 0 {
		return refused(errs)
	}
	a := arguments{schema, values, make(map[string]map[string]any)}
	a.collect("", op.SelectionSet)
	return result{Arguments: a.of}
}

func refused(errs gqlerror.List) (r result) {
	for _, e := range errs {
		r.Errors = append(r.Errors, e.Message)
	}
	return r
}

// arguments are those of the fields that would run.
type arguments struct {
	schema *ast.Schema
	values map[string]any
	of     map[string]map[string]any
}

func (a *arguments) collect(path string, set ast.SelectionSet) {
	for _, s := range set {
		switch s := s.(type) {
		case *ast.Field:
			if a.included(s.Directives) {
				a.of[path+s.Alias] = a.coerced(s)
				a.collect(path+s.Alias+".", s.SelectionSet)
			}
		case *ast.InlineFragment:
			if a.included(s.Directives) {
				a.collect(path, s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if a.included(s.Directives) {
				a.collect(path, s.Definition.SelectionSet)
			}
		}
	}
}

func (a *arguments) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		if d.ArgumentMap(a.values)["if"] == (d.Name == "skip") {
			return false
		}
	}
	return true
}

// coerced does what gqlgen's generated code does with literals: fill in the defaults of input fields, and make lists of single values.
func (a *arguments) coerced(f *ast.Field) map[string]any {
	op := &ast.OperationDefinition{}
	for _, arg := range f.Definition.Arguments {
		op.VariableDefinitions = append(op.VariableDefinitions, &ast.VariableDefinition{Variable: arg.Name, Type: arg.Type})
	}
	args, errs := coerce.NewDocument(a.schema, &ast.QueryDocument{}).Values(op, f.ArgumentMap(a.values))
	if len(errs) > 0 {
		return map[string]any{"errors": refused(errs).Errors}
	}
	if args == nil {
		args = map[string]any{}
	}
	return args
}
