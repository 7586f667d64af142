package coerce_test

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"roster/internal/coerce"
)

// For random documents and variables: values are accepted exactly if the independent rules below accept them; what resolvers get fits its type; the same
// input has the same result; and coercing coerced values changes nothing.
func TestProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text, variables := drawOperation(t)
		checkOperation(t, text, variables)
	})
}

func checkOperation(t rapid.TB, text, variables string) {
	t.Helper()
	doc, errs := read(text)
	if len(errs) > 0 {
		t.Fatalf("%s\nis not valid: %v", text, errs)
	}
	op, prepared := doc.Operations[0], coerce.NewDocument(schema, doc)
	values, errs := prepared.Values(op, fromJSON(t, variables))
	for _, e := range errs {
		if len(e.Path) > 0 || len(e.Message) > 1000 || e.Extensions["code"] != "BAD_USER_INPUT" || len(e.Locations) != 1 {
			t.Fatalf("the error is %+v", e)
		}
	}
	again, errsAgain := prepared.Values(op, fromJSON(t, variables))
	if diff := cmp.Diff([]any{values, messages(errs)}, []any{again, messages(errsAgain)}); diff != "" {
		t.Fatalf("the second result differs (-first +second):\n%s", diff)
	}
	bare := *op // the variables alone
	bare.SelectionSet = nil
	values, errsBare := prepared.Values(&bare, fromJSON(t, variables))
	fit := takesAll(op, fromJSON(t, variables))
	if fit != (len(errsBare) == 0) {
		t.Fatalf("%s\n%s\nwhether the variables fit: %v; errors %v", text, variables, fit, messages(errsBare))
	}
	if !fit {
		return
	}
	before := fmt.Sprint(values)
	if again, errs := prepared.Values(&bare, values); len(errs) > 0 || fmt.Sprint(again) != before {
		t.Fatalf("%s, coerced again, is %v; errors %v", before, again, messages(errs))
	}
	if right := everyArgumentFits(op.SelectionSet, values); right != (len(errs) == 0) {
		t.Fatalf("%s\n%s\nwhether all arguments that are used fit: %v; errors %v", text, variables, right, messages(errs))
	}
}

// takesAll reports whether all types accept the values of their variables.
func takesAll(op *ast.OperationDefinition, given map[string]any) bool {
	for _, v := range op.VariableDefinitions {
		value, is := given[v.Variable]
		if is && !takes(v.Type, value) || !is && v.DefaultValue == nil && v.Type.NonNull {
			return false
		}
	}
	return true
}

// takes reports whether a type accepts a JSON value.
func takes(t *ast.Type, v any) bool {
	if v == nil {
		return !t.NonNull
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok {
			return takes(t.Elem, v)
		}
		for _, item := range list {
			if !takes(t.Elem, item) {
				return false
			}
		}
		return true
	}
	text, isText := v.(string)
	number, isNumber := v.(json.Number)
	f, err := number.Float64()
	whole := isNumber && err == nil && f == math.Floor(f)
	switch def := schema.Types[t.NamedType]; {
	case def.Kind == ast.InputObject:
		object, ok := v.(map[string]any)
		if !ok {
			return false
		}
		for name := range object {
			if def.Fields.ForName(name) == nil {
				return false
			}
		}
		for _, f := range def.Fields {
			value, is := object[f.Name]
			if is && !takes(f.Type, value) || !is && f.Type.NonNull && f.DefaultValue == nil {
				return false
			}
			if def.Name == "Pick" && is && (len(object) != 1 || value == nil) {
				return false
			}
		}
		return def.Name != "Pick" || len(object) == 1
	case def.Kind == ast.Enum:
		return text == "RED" || text == "GREEN"
	case def.Name == "Int":
		return whole && math.Abs(f+0.5) < 1<<31
	case def.Name == "Float":
		return isNumber && err == nil
	case def.Name == "String":
		return isText
	case def.Name == "ID":
		return isText || whole
	case def.Name == "Boolean":
		return v == true || v == false
	}
	return true
}

// everyArgumentFits checks the arguments of all fields that will run, as gqlgen reads them from the document.
func everyArgumentFits(set ast.SelectionSet, values map[string]any) bool {
	for _, s := range set {
		var directives ast.DirectiveList
		var below ast.SelectionSet
		var field *ast.Field
		switch s := s.(type) {
		case *ast.Field:
			directives, below, field = s.Directives, s.SelectionSet, s
		case *ast.InlineFragment:
			directives, below = s.Directives, s.SelectionSet
		case *ast.FragmentSpread:
			directives, below = s.Directives, s.Definition.SelectionSet
		}
		leftOut := false
		for _, d := range directives {
			yes, ok := d.ArgumentMap(values)["if"].(bool)
			if !ok {
				return false
			}
			leftOut = leftOut || yes == (d.Name == "skip")
		}
		if leftOut {
			continue
		}
		if field != nil && field.Name != "h" {
			args := field.ArgumentMap(values)
			for _, a := range field.Definition.Arguments {
				if v, is := args[a.Name]; is && !fits(a.Type, v) || !is && a.Type.NonNull {
					return false
				}
			}
		}
		if !everyArgumentFits(below, values) {
			return false
		}
	}
	return true
}

// fits reports whether a value for gqlgen has nulls only where they are allowed, and only the Go types that Document.Values documents.
func fits(t *ast.Type, v any) bool {
	if v == nil {
		return !t.NonNull
	}
	if t.Elem != nil {
		list, ok := v.([]any)
		if !ok { // a literal
			return fits(t.Elem, v)
		}
		for _, item := range list {
			if !fits(t.Elem, item) {
				return false
			}
		}
		return true
	}
	_, isText := v.(string)
	n, isInt := v.(int64)
	_, isFloat := v.(float64)
	_, isBool := v.(bool)
	switch def := schema.Types[t.NamedType]; {
	case def.Kind == ast.InputObject:
		object, ok := v.(map[string]any)
		if !ok {
			return false
		}
		for _, f := range def.Fields {
			value, is := object[f.Name]
			if is && !fits(f.Type, value) || !is && f.Type.NonNull && f.DefaultValue == nil || def.Name == "Pick" && is && value == nil {
				return false
			}
		}
		return def.Name != "Pick" || len(object) == 1
	case def.Name == "Int":
		return isInt && n >= math.MinInt32 && n <= math.MaxInt32
	case def.Name == "Float":
		return isFloat || isInt
	case def.Name == "Boolean":
		return isBool
	case def.Name == "ID":
		return isText || isInt
	case def.Name == "JSON":
		return true
	}
	return isText
}

// position is the place of a value, which decides whether a variable there may be null.
type position int

const (
	anywhere    position = iota
	withDefault          // a variable may be nullable
	oneOf                // a variable must be non-null, even with a default
)

func defaulted(v *ast.Value) position {
	if v != nil {
		return withDefault
	}
	return anywhere
}

// drawn is an operation that is being drawn.
type drawn struct {
	*rapid.T
	definitions []string
	given       []string
}

func drawOperation(t *rapid.T) (document, variables string) {
	d := &drawn{T: t}
	selection, fragment := d.selection(2, true), ""
	if strings.Contains(selection, "...F") {
		fragment = " fragment F on Query { " + d.field(0) + " }"
	}
	head := "query"
	if len(d.definitions) > 0 {
		head += "(" + strings.Join(d.definitions, ", ") + ")"
	}
	return head + " { " + selection + " }" + fragment, "{" + strings.Join(d.given, ", ") + "}"
}

func (d *drawn) of(words ...string) string { return rapid.SampledFrom(words).Draw(d.T, "word") }
func (d *drawn) chance(of int) bool        { return rapid.IntRange(1, of).Draw(d.T, "chance") == 1 }

func (d *drawn) selection(depth int, fragments bool) string {
	var parts []string
	for range rapid.IntRange(1, 3).Draw(d.T, "selections") {
		switch {
		case d.chance(4):
			parts = append(parts, "... "+d.directive()+"{ "+d.field(depth)+" }")
		case fragments && d.chance(4):
			parts = append(parts, "...F "+d.directive())
		default:
			parts = append(parts, d.field(depth))
		}
	}
	return strings.Join(parts, " ")
}

func (d *drawn) directive() string {
	switch {
	case d.chance(2):
		return ""
	case d.chance(3):
		return d.of("@skip(if: true) ", "@skip(if: false) ", "@include(if: true) ", "@include(if: false) ")
	}
	return d.of("@skip", "@include") + "(if: " + d.variable("Boolean!", anywhere) + ") "
}

// field draws a field. Each has a unique alias, because fields with one response name must have the same arguments.
func (d *drawn) field(depth int) string {
	name := rapid.StringMatching(`[a-z]{12}`).Draw(d.T, "alias") + ": "
	if d.chance(4) {
		return name + "h " + d.directive()
	}
	args := []string{"usual: " + d.literal(schema.Query.Fields.ForName("g").Arguments.ForName("usual").Type, 2, withDefault)}
	for _, a := range schema.Query.Fields.ForName("g").Arguments {
		if a.Name != "usual" && a.Name != "time" && a.Name != "url" && d.chance(3) {
			args = append(args, a.Name+": "+d.literal(a.Type, 2, defaulted(a.DefaultValue)))
		}
	}
	below := "h"
	if depth > 0 {
		below = d.selection(depth-1, false)
	}
	return name + "g(" + strings.Join(args, ", ") + ") " + d.directive() + "{ " + below + " }"
}

// literal draws a literal of a type. It may be a variable or contain variables.
func (d *drawn) literal(t *ast.Type, depth int, at position) string {
	if d.chance(2) {
		return d.variable(t.String(), at)
	}
	return d.constant(t, depth, d.literal)
}

func (d *drawn) constant(t *ast.Type, depth int, inner func(*ast.Type, int, position) string) string {
	if !t.NonNull && d.chance(6) {
		return "null"
	}
	if t.Elem != nil {
		var items []string
		for range rapid.IntRange(0, 2).Draw(d.T, "items") {
			items = append(items, inner(t.Elem, depth-1, anywhere))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	def := schema.Types[t.NamedType]
	switch {
	case def.Name == "Pick":
		f := def.Fields[rapid.IntRange(0, len(def.Fields)-1).Draw(d.T, "field")]
		if f.Type.Name() == "In" && depth <= 0 {
			f = def.Fields[0]
		}
		must := *f.Type
		must.NonNull = true
		return "{" + f.Name + ": " + inner(&must, depth-1, oneOf) + "}"
	case def.Kind == ast.InputObject:
		var fields []string
		for _, f := range def.Fields {
			required := f.Type.NonNull && f.DefaultValue == nil
			if required || (depth > 0 && d.chance(3)) {
				fields = append(fields, f.Name+": "+inner(f.Type, depth-1, defaulted(f.DefaultValue)))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	case def.Kind == ast.Enum:
		return d.of("RED", "GREEN")
	}
	switch def.Name {
	case "Int":
		return d.of("0", "-1", "2147483647")
	case "Float":
		return d.of("1", "2.5", "-1e3")
	case "ID":
		return d.of("5", `"a"`)
	case "Boolean":
		return d.of("true", "false")
	case "JSON":
		return d.of("1.5", `{a: [1]}`, "RED", "true")
	}
	return d.of(`"a"`, `""`)
}

// variable defines a variable for a value of a type, and uses it.
func (d *drawn) variable(typeName string, at position) string {
	name := fmt.Sprintf("$v%d", len(d.definitions))
	base, must := strings.CutSuffix(typeName, "!")
	definition := name + ": " + typeName
	t := parsedType(typeName)
	switch {
	case must && at != oneOf && d.chance(2):
		t.NonNull = false
		definition = name + ": " + base
		if at != withDefault || d.chance(2) {
			t.NonNull = true // the default must not be null
			definition += " = " + d.plain(t, 1, anywhere)
			t.NonNull = false
		}
	case d.chance(4):
		definition += " = " + d.plain(t, 1, anywhere)
	}
	d.definitions = append(d.definitions, definition)
	if !d.chance(5) {
		d.given = append(d.given, fmt.Sprintf("%q: %s", name[1:], d.json(t, 2)))
	}
	return name
}

// plain draws a literal without variables.
func (d *drawn) plain(t *ast.Type, depth int, _ position) string {
	return d.constant(t, depth, d.plain)
}

func parsedType(text string) *ast.Type {
	if inner, ok := strings.CutSuffix(text, "!"); ok {
		t := parsedType(inner)
		t.NonNull = true
		return t
	}
	if strings.HasPrefix(text, "[") {
		return ast.ListType(parsedType(text[1:len(text)-1]), nil)
	}
	return ast.NamedType(text, nil)
}

// json draws a JSON value, most often one that the type accepts.
func (d *drawn) json(t *ast.Type, depth int) string {
	switch {
	case d.chance(12):
		return d.of("null", `"a"`, `"5"`, "5", "5.0", "5.5", "true", "[]", "{}", "[null]", "1e400", "-2147483649", "99999999999999999999", `"RED"`, `"red"`, `{"must":1,"x":2}`)
	case t.NonNull && d.chance(20), !t.NonNull && d.chance(4):
		return "null"
	}
	if t.Elem != nil {
		if d.chance(4) {
			return d.json(t.Elem, depth)
		}
		var items []string
		for range rapid.IntRange(0, 2).Draw(d.T, "items") {
			items = append(items, d.json(t.Elem, depth-1))
		}
		return "[" + strings.Join(items, ", ") + "]"
	}
	def := schema.Types[t.NamedType]
	if def.Kind == ast.InputObject {
		var fields []string
		for i, f := range def.Fields {
			if def.Name == "Pick" && (i > 0 != d.chance(2)) && len(fields) > 0 {
				continue
			}
			required := f.Type.NonNull && f.DefaultValue == nil
			if required && !d.chance(10) || depth > 0 && d.chance(3) {
				fields = append(fields, fmt.Sprintf("%q: %s", f.Name, d.json(f.Type, depth-1)))
			}
		}
		return "{" + strings.Join(fields, ", ") + "}"
	}
	switch def.Name {
	case "Colour":
		return d.of(`"RED"`, `"GREEN"`)
	case "Int":
		return d.of("0", "-1", "2147483647", "3.0", "1e3")
	case "Float":
		return d.of("0", "-1.5", "1e300", "99999999999999999999")
	case "ID":
		return d.of(`"a"`, "5", "5.0", "99999999999999999999")
	case "Boolean":
		return d.of("true", "false")
	}
	return d.of(`"a"`, `""`, `"\u0000"`)
}

// FuzzValues checks the same rules for any document and any variables.
func FuzzValues(f *testing.F) {
	const every = `query($i: Int, $f: Float, $s: String, $b: Boolean = true, $id: ID, $c: Colour, $in: In, $ins: [In!], $m: [[Int]], $p: Pick, $j: JSON, $n: Int = 1) {
		g(int: $i, string: $s, id: $id, colour: $c, in: $in, ins: $ins, pick: $p, json: $j, usual: $n, musts: [$n]) @include(if: $b) { h }
		f(must: $n, float: $f, matrix: $m, must2: {must: $n}) { h } }`
	f.Add(every, `{"i":5.0,"f":1e400,"s":"a","b":null,"id":1.5,"c":"RED","in":{"must":1},"ins":{"must":2},"m":[1,[2,null]],"p":{"id":1},"j":{"a":[1]},"n":null}`)
	f.Add(every, `{"in":{"must":1,"within":{"must":1,"later":{"depth":3}}},"p":{"id":null,"name":"x"}}`)
	f.Add(`query($v: Int = 3) { ...F } fragment F on Query { g(in: {must: 1, usual: $v}) { h } }`, `{"v":null}`)
	f.Fuzz(func(t *testing.T, text, variables string) {
		if !json.Valid([]byte(variables)) || !strings.HasPrefix(strings.TrimSpace(variables), "{") || len(text)+len(variables) > 1<<14 {
			return
		}
		doc, errs := read(text)
		if len(errs) > 0 || strings.Contains(text, "__") || strings.Contains(text, "time") || strings.Contains(text, "url") ||
			strings.Contains(text, "DateTime") || strings.Contains(text, "URL") {
			return
		}
		if len(doc.Operations[0].Directives) > 0 {
			return
		}
		checkOperation(t, text, variables)
	})
}
