package plan

import (
	"slices"

	"github.com/vektah/gqlparser/v2/ast"
)

// Argument is an argument of a field: absent, a constant, or a value with variables.
type Argument struct {
	constant any
	given    bool   // constant is the value
	variable string // the name of the variable that is the whole value, or ""
	// composite is a literal with variables inside.
	composite *ast.Value
	// members has the fields of an object in the document.
	members Object
	// fallback is the value if the variable has none; it is used only if hasFallback is true.
	fallback    any
	hasFallback bool
}

// Value returns the value of the argument with these variables, and whether it has one. The value is shared: it must not be changed.
func (a *Argument) Value(variables map[string]any) (any, bool) {
	switch {
	case a.given:
		return a.constant, true
	case a.variable != "":
		if v, ok := variables[a.variable]; ok {
			return v, true
		}
		return a.fallback, a.hasFallback
	case a.composite != nil:
		v, err := a.composite.Value(variables)
		if err != nil {
			panic(err) // validation has checked the literals
		}
		return v, true
	}
	return nil, false
}

// member is a field of an object in the document: a constant, or the value of a variable.
type member struct {
	name     string
	constant any
	variable string // "" for a constant
}

// Object is an object in the document whose fields are constants and variables. Nil is none.
type Object []member

// Object returns the argument as an object in the document, or nil.
func (a *Argument) Object() Object { return a.members }

// Value returns the value of a field, and whether the object has one.
func (o Object) Value(name string, variables map[string]any) (any, bool) {
	for i := range o {
		switch m := &o[i]; {
		case m.name != name:
		case m.variable != "":
			return variables[m.variable], true
		default:
			return m.constant, true
		}
	}
	return nil, false
}

// membersOf returns the fields of an object; nil for anything else, and if variables are deeper inside.
func membersOf(v *ast.Value) Object {
	if v.Kind != ast.ObjectValue {
		return nil
	}
	members := make(Object, 0, len(v.Children))
	for _, child := range v.Children {
		m := member{name: child.Name}
		if child.Value.Kind == ast.Variable {
			m.variable = child.Value.Raw
		} else {
			var err error
			if m.constant, err = child.Value.Value(nil); err != nil || hasVariables(child.Value) {
				return nil
			}
		}
		members = append(members, m)
	}
	return members
}

// argument compiles an argument as gqlparser's Field.ArgumentMap reads it.
func argument(def *ast.ArgumentDefinition, args ast.ArgumentList) (a Argument, err error) {
	if def.DefaultValue != nil {
		if a.fallback, err = def.DefaultValue.Value(nil); err != nil {
			return a, err
		}
		a.hasFallback = true
	}
	arg := args.ForName(def.Name)
	switch {
	case arg == nil:
		return Argument{constant: a.fallback, given: a.hasFallback}, nil
	case arg.Value.Kind == ast.Variable:
		a.variable = arg.Value.Raw
		return a, nil
	case hasVariables(arg.Value):
		return Argument{composite: arg.Value, members: membersOf(arg.Value)}, nil
	}
	v, err := arg.Value.Value(nil)
	return Argument{constant: v, given: true, members: membersOf(arg.Value)}, err
}

// HasVariables reports whether the value of an argument depends on variables.
func HasVariables(args ast.ArgumentList) bool {
	return slices.ContainsFunc(args, func(a *ast.Argument) bool { return hasVariables(a.Value) })
}

func hasVariables(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if hasVariables(c.Value) {
			return true
		}
	}
	return false
}
