package coerce

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// arguments checks CoerceArgumentValues for all fields of an operation that will run, and for their directives. Validation has already checked literals
// and the types of variables, and variables has checked the variables' values. The only error left is a null or absent value where one is required.
type arguments struct {
	named  func(*ast.Type) string
	op     *ast.OperationDefinition
	values map[string]any
	// uncertain searches for possible errors instead of actual ones: each nullable variable counts as null, and no selection is skipped.
	uncertain bool
	seen      map[*ast.FragmentDefinition]bool
	fields    []string // response names, from the root to the current field
	at        place
	path      path // inside the argument
	errs      gqlerror.List
}

// place is an argument of the current field, or of one of its directives.
type place struct{ argument, directive string }

func (c *arguments) walk(set ast.SelectionSet) {
	for _, s := range set {
		if len(c.errs) >= maxErrors {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			name := s.Alias
			if s.Name == "__typename" { // under served names, its alias is not the client's: see graph.Served
				name = s.Name
			}
			c.fields = append(c.fields, name)
			if c.included(s.Directives) {
				c.check(s.Arguments, "")
				c.walk(s.SelectionSet)
			}
			c.fields = c.fields[:len(c.fields)-1]
		case *ast.InlineFragment:
			if c.included(s.Directives) {
				c.walk(s.SelectionSet)
			}
		case *ast.FragmentSpread:
			if !c.included(s.Directives) || c.seen[s.Definition] {
				continue
			}
			if c.seen == nil {
				c.seen = make(map[*ast.FragmentDefinition]bool)
			}
			c.seen[s.Definition] = true // its variables have the same values at each use
			c.walk(s.Definition.SelectionSet)
		}
	}
}

// included checks a selection's directives, and reports whether the selection will run. Both @skip and @include are always checked, because the
// specification gives neither of them precedence and gqlgen reads both.
func (c *arguments) included(directives ast.DirectiveList) bool {
	before := len(c.errs)
	included := true
	for _, d := range directives {
		c.check(d.Arguments, d.Name)
		if d.Name != "skip" && d.Name != "include" {
			continue
		}
		if v := d.Arguments.ForName("if"); v != nil && c.isTrue(v.Value) == (d.Name == "skip") {
			included = false
		}
	}
	return c.uncertain || (included && len(c.errs) == before)
}

func (c *arguments) isTrue(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		yes, _ := c.values[v.Raw].(bool)
		return yes
	}
	return v.Raw == "true"
}

func (c *arguments) check(list ast.ArgumentList, directive string) {
	for _, a := range list {
		c.at = place{a.Name, directive}
		c.path = c.path[:0]
		c.value(a.Value)
	}
}

// value checks a value inside an argument. An argument or an input field with a default may be absent. An item of a list has no default.
func (c *arguments) value(v *ast.Value) {
	switch v.Kind {
	case ast.Variable:
		if v.ExpectedType == nil || !v.ExpectedType.NonNull {
			return
		}
		if given, absent := c.lookUp(v.Raw); !given && !(absent && v.ExpectedTypeHasDefault) {
			c.fault(v, absent)
		}
	case ast.ListValue:
		for i, child := range v.Children {
			c.path = append(c.path, item(i))
			c.value(child.Value)
			c.path = c.path[:len(c.path)-1]
		}
	case ast.ObjectValue:
		for _, child := range v.Children {
			c.path = append(c.path, field(child.Name))
			c.value(child.Value)
			c.path = c.path[:len(c.path)-1]
		}
	}
}

// lookUp reports whether a variable has a value that is not null. If it has none, absent distinguishes a missing value from null.
func (c *arguments) lookUp(name string) (given, absent bool) {
	if c.uncertain {
		def := c.op.VariableDefinitions.ForName(name)
		return def == nil || def.Type.NonNull, false
	}
	v, is := c.values[name]
	return v != nil, !is
}

// fault reports a variable that is null where null is not allowed.
func (c *arguments) fault(v *ast.Value, absent bool) {
	must := "cannot be null"
	if absent {
		must = "must have a value"
	}
	of := "the field " + strings.Join(c.fields, ".")
	if c.at.directive != "" {
		of = strings.TrimSuffix("@"+c.at.directive+" at "+strings.Join(c.fields, "."), " at ")
	}
	c.errs = append(c.errs, report(v.Position, append(path{field(c.at.argument)}, c.path...),
		"variable %q %s: it is used in the argument %q of %s%s, whose type is %s", "$"+v.Raw, must, c.at.argument, of, c.path.within(), c.named(v.ExpectedType)))
}
