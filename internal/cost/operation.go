package cost

import (
	"sync/atomic"

	"github.com/vektah/gqlparser/v2/ast"
)

// Operation is an operation whose cost is estimated for each request. It keeps the last estimate, because most requests of an operation differ only in texts.
// It is safe for concurrent use.
type Operation struct {
	schema     *Schema
	definition *ast.OperationDefinition
	fixed      bool // texts in variables do not change the cost
	last       atomic.Pointer[estimated]
}

// maxNumbers is the number of variables up to which estimates are kept.
const maxNumbers = 6

// numbers are the numbers in the variables of an operation. Others are -1.
type numbers [maxNumbers]int

// estimated is an estimate, and what it depends on.
type estimated struct {
	version string // of the lists, which themselves could keep much memory
	numbers numbers
	cost    int
}

// Operation returns the costs of an operation of a valid document.
func (c *Schema) Operation(op *ast.OperationDefinition) *Operation {
	o := &Operation{schema: c, definition: op, fixed: len(op.VariableDefinitions) <= maxNumbers}
	o.fixed = o.fixed && !c.namesKeys(op.SelectionSet, make(map[*ast.FragmentDefinition]bool))
	return o
}

// namesKeys reports whether a list of keys in the document has a variable. Which objects it names depends on the text in that variable.
func (c *Schema) namesKeys(set ast.SelectionSet, seen map[*ast.FragmentDefinition]bool) bool {
	for _, s := range set {
		names := false
		switch s := s.(type) {
		case *ast.Field:
			names = c.namesKeysOf(s) || c.namesKeys(s.SelectionSet, seen)
		case *ast.InlineFragment:
			names = c.namesKeys(s.SelectionSet, seen)
		case *ast.FragmentSpread:
			if s.Definition != nil && !seen[s.Definition] {
				seen[s.Definition] = true
				names = c.namesKeys(s.Definition.SelectionSet, seen)
			}
		}
		if names {
			return true
		}
	}
	return false
}

func (c *Schema) namesKeysOf(f *ast.Field) bool {
	p := c.fields[f.Definition]
	if p == nil || p.keys == nil {
		return false
	}
	a := f.Arguments.ForName(p.keys.Name)
	return a != nil && a.Value != nil && a.Value.Kind != ast.Variable && hasVariable(a.Value)
}

func hasVariable(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, child := range v.Children {
		if hasVariable(child.Value) {
			return true
		}
	}
	return false
}

// Estimate returns what Schema.Estimate returns.
func (o *Operation) Estimate(variables map[string]any, lists Lists) int {
	given, ok := o.numbersIn(variables)
	if !ok || lists == nil {
		return o.schema.Estimate(o.definition, variables, lists)
	}
	version := lists.Version()
	if last := o.last.Load(); last != nil && last.numbers == given && last.version == version {
		return last.cost
	}
	now := &estimated{version, given, o.schema.Estimate(o.definition, variables, lists)}
	o.last.Store(now)
	return now.cost
}

// numbersIn returns the numbers in variables. It returns false if something else in them changes the cost: the items of lists, and the fields of objects.
func (o *Operation) numbersIn(variables map[string]any) (n numbers, ok bool) {
	if !o.fixed {
		return n, false
	}
	for i, v := range o.definition.VariableDefinitions {
		switch value := variables[v.Variable].(type) {
		case []any, map[string]any:
			return n, false
		default:
			n[i] = numberIn(value, -1)
		}
	}
	return n, true
}
