package coerce

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// variables implements CoerceVariableValues.
func (d *Document) variables(op *ast.OperationDefinition, given map[string]any) (map[string]any, gqlerror.List) {
	if len(op.VariableDefinitions) == 0 {
		return nil, nil
	}
	values := given
	if given == nil || !onlyDeclared(op, given) {
		values = make(map[string]any, len(op.VariableDefinitions))
	}
	c := coercion{schema: d.schema, named: d.named}
	for _, v := range op.VariableDefinitions {
		c.variable = v
		value, is := given[v.Variable]
		switch {
		case is:
		case v.DefaultValue != nil:
			value = literal(v.DefaultValue)
		case v.Type.NonNull:
			c.fault("a value is required, and none was given")
			continue
		default:
			continue
		}
		values[v.Variable] = c.value(v.Type, value)
	}
	return values, c.errs
}

// onlyDeclared reports whether all given variables are those of the operation.
func onlyDeclared(op *ast.OperationDefinition, given map[string]any) bool {
	declared := 0
	for _, v := range op.VariableDefinitions {
		if _, is := given[v.Variable]; is {
			declared++
		}
	}
	return declared == len(given)
}

// coercion is the state of coercing the variables of one operation.
type coercion struct {
	schema   *ast.Schema
	named    func(*ast.Type) string
	variable *ast.VariableDefinition // the current one
	path     path                    // inside its value
	errs     gqlerror.List
}

func (c *coercion) name(def *ast.Definition) string { return c.named(ast.NamedType(def.Name, nil)) }

// value returns the coerced value. If it reports an error, the result is not used.
func (c *coercion) value(t *ast.Type, v any) any {
	switch {
	case len(c.errs) >= maxErrors:
		return nil
	case v == nil:
		if t.NonNull {
			c.fault("cannot be null: its type is %s", c.named(t))
		}
		return nil
	case t.Elem != nil:
		return c.list(t.Elem, v)
	}
	def := c.schema.Types[t.NamedType]
	switch def.Kind {
	case ast.InputObject:
		return c.object(def, v)
	case ast.Enum:
		if name, ok := v.(string); !ok || def.EnumValues.ForName(name) == nil {
			c.fault("%s is not a value of %s", shown(v), c.name(def))
		}
		return v
	}
	value, problem := scalar(def.Name, v)
	if problem != "" {
		c.fault("%s %s", shown(v), problem)
	}
	return value
}

// list coerces a list. A single value counts as a list with one item.
func (c *coercion) list(elem *ast.Type, v any) any {
	items, ok := v.([]any)
	if !ok {
		return []any{c.value(elem, v)}
	}
	if items == nil { // gqlparser reads the literal [] as nil
		return []any{}
	}
	for i, given := range items {
		c.path = append(c.path, item(i))
		items[i] = c.value(elem, given)
		c.path = c.path[:len(c.path)-1]
	}
	return items
}

func (c *coercion) object(def *ast.Definition, v any) any {
	object, ok := v.(map[string]any)
	if !ok {
		c.fault("%s is not an object, as %s is", shown(v), c.name(def))
		return nil
	}
	given, known := len(object), 0
	for _, f := range def.Fields {
		value, is := object[f.Name]
		if is {
			known++
		} else if f.DefaultValue != nil {
			value, is = literal(f.DefaultValue), true
		}
		c.path = append(c.path, field(f.Name))
		switch {
		case is:
			object[f.Name] = c.value(f.Type, value)
		case f.Type.NonNull:
			c.fault("a value is required, and none was given")
		}
		c.path = c.path[:len(c.path)-1]
	}
	if given > known {
		c.unknown(def, object)
	}
	if def.Directives.ForName("oneOf") != nil {
		c.one(def, object)
	}
	return object
}

// unknown reports fields that the input object does not define.
func (c *coercion) unknown(def *ast.Definition, object map[string]any) {
	var names []string
	for name := range object {
		if def.Fields.ForName(name) == nil {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	for _, name := range names {
		c.path = append(c.path, field(name))
		c.fault("%s has no such field", c.name(def))
		c.path = c.path[:len(c.path)-1]
	}
}

// one checks that a @oneOf input object has exactly one field, and that it is not null.
func (c *coercion) one(def *ast.Definition, object map[string]any) {
	if len(object) != 1 {
		c.fault("exactly one field of %s must be given, not %d", c.name(def), len(object))
		return
	}
	for name, v := range object {
		if v == nil && def.Fields.ForName(name) != nil {
			c.path = append(c.path, field(name))
			c.fault("cannot be null: exactly one field of %s must have a value", c.name(def))
			c.path = c.path[:len(c.path)-1]
		}
	}
}

// literal returns the value of a literal without variables. Validation (gqlparser and Literals) has rejected unreadable ones.
func literal(v *ast.Value) any {
	value, err := v.Value(nil)
	if err != nil {
		return nil
	}
	return value
}
