package coerce

import (
	"strconv"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/core"

	"roster/internal/echo"
)

// Literals is a validation rule. It checks what the specification requires of literals (5.6.1) and gqlparser's own rule does not check: the 32 bits of
// Int, objects given for scalars and enums, and the values of custom scalars.
var Literals = core.Rule{Name: "LiteralsOfScalars", RuleFunc: func(observers *core.Events, addError core.AddErrFunc) {
	observers.OnValue(func(_ *core.Walker, v *ast.Value) {
		if v.Definition == nil || v.ExpectedType == nil || (v.Kind == ast.ListValue && v.ExpectedType.Elem != nil) {
			return
		}
		if problem := wrongLiteral(v); problem != "" {
			addError(core.Message("%s", problem), core.At(v.Position))
		}
	})
}}

func wrongLiteral(v *ast.Value) string {
	name := v.Definition.Name
	switch {
	case v.Kind == ast.Variable, v.Kind == ast.NullValue, v.Definition.Kind == ast.InputObject:
		return ""
	case name == "Int" && v.Kind == ast.IntValue:
		if n, err := strconv.ParseInt(v.Raw, 10, 64); err == nil && n != int64(int32(n)) { //nolint:gosec // this tests for overflow
			return "Int cannot represent non 32-bit signed integer value: " + v.Raw
		}
	case v.Definition.Kind == ast.Enum, v.Definition.OneOf("Int", "Float", "String", "Boolean", "ID"):
		if v.Kind == ast.ObjectValue {
			return name + " cannot represent an object"
		}
	case v.Kind == ast.EnumValue && (name == "DateTime" || name == "URL"):
		return v.Raw + " " + problemOf(name)
	default:
		if number := unreadable(v); number != "" {
			return name + " cannot represent a number of this size: " + echo.Cut(number)
		}
		if value := literal(v); value != nil {
			if _, problem := scalar(name, value); problem != "" {
				return shown(value) + " " + problem
			}
		}
	}
	return ""
}

func problemOf(name string) string {
	_, problem := scalar(name, nil)
	return problem
}

// unreadable returns the first number in a literal that cannot be parsed, or "".
func unreadable(v *ast.Value) string {
	var err error
	switch v.Kind {
	case ast.IntValue:
		_, err = strconv.ParseInt(v.Raw, 10, 64)
	case ast.FloatValue:
		_, err = strconv.ParseFloat(v.Raw, 64)
	}
	if err != nil {
		return v.Raw
	}
	for _, child := range v.Children {
		if number := unreadable(child.Value); number != "" {
			return number
		}
	}
	return ""
}
