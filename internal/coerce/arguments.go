package coerce

import (
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// arguments checks CoerceArgumentValues for all fields of one operation that would run, and for the directives that decide it. Validation has held
// literals and the types of variables to the schema, and variables has held their values to those types: what can still be wrong is a null, or
// nothing, where a value must be.
type arguments struct {
	named  func(*ast.Type) string
	op     *ast.OperationDefinition
	values map[string]any
	// uncertain finds whether anything could be wrong, in the place of what is: it takes each variable that may be null for null, and leaves nothing
	// out.
	uncertain bool
	seen      map[*ast.FragmentDefinition]bool
	fields    []string // from the outside in, as the response calls them
	at        place
	path      path // in the argument
	errs      gqlerror.List
}

// place is an argument of the field at work, or of one of its directives.
type place struct{ argument, directive string }

func (c *arguments) walk(set ast.SelectionSet) {
	for _, s := range set {
		if len(c.errs) >= maxErrors {
			return
		}
		switch s := s.(type) {
		case *ast.Field:
			c.fields = append(c.fields, s.Alias)
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
			c.seen[s.Definition] = true // variables mean the same wherever it is used
			c.walk(s.Definition.SelectionSet)
		}
	}
}

// included checks a selection's directives, and says whether it would run. The specification gives neither @skip nor @include precedence, and gqlgen
// reads both: so both must be right.
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

// value checks a value of an argument. An argument or a field may be left out where it has a default; an item of a list has none.
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

// lookUp says whether a variable has a value that is not null, and if not, whether it is because there is none.
func (c *arguments) lookUp(name string) (given, absent bool) {
	if c.uncertain {
		def := c.op.VariableDefinitions.ForName(name)
		return def == nil || def.Type.NonNull, false
	}
	v, is := c.values[name]
	return v != nil, !is
}

// fault reports a variable where null is not allowed.
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
