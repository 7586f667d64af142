package randdoc

import "github.com/vektah/gqlparser/v2/ast"

// responseNames are the names that the fields of one place have in the answer, with the fields of all fragments there. A document is valid only if the fields
// of one name can be merged.
type responseNames struct {
	by    map[string]*responseName
	order []string
}

type responseName struct {
	uses  []use
	below *responseNames
}

// use is one field with a response name: its name with its arguments, and its type.
type use struct {
	parent      *ast.Definition
	field       *ast.FieldDefinition
	head, alias string
}

func newResponseNames() *responseNames { return &responseNames{by: make(map[string]*responseName)} }

// takes reports whether a field can have a response name. Fields of two object types may differ, but not their types.
func (r *responseNames) takes(name string, u use) bool {
	known := r.by[name]
	if known == nil {
		return true
	}
	for _, other := range known.uses {
		apart := u.parent != other.parent && u.parent.Kind == ast.Object && other.parent.Kind == ast.Object
		if u.field.Type.String() != other.field.Type.String() || u.head != other.head && !apart {
			return false
		}
	}
	return true
}

// add records a field, and returns the names below it.
func (r *responseNames) add(name string, u use) *responseNames {
	known := r.by[name]
	if known == nil {
		known = &responseName{below: newResponseNames()}
		r.by[name] = known
		r.order = append(r.order, name)
	}
	known.uses = append(known.uses, u)
	return known.below
}

// takesAll reports whether all fields of a fragment can be here.
func (r *responseNames) takesAll(of *responseNames) bool {
	for _, name := range of.order {
		for _, u := range of.by[name].uses {
			if !r.takes(name, u) {
				return false
			}
		}
		if known := r.by[name]; known != nil && !known.below.takesAll(of.by[name].below) {
			return false
		}
	}
	return true
}

// addAll records all fields of a fragment.
func (r *responseNames) addAll(of *responseNames) {
	for _, name := range of.order {
		var below *responseNames
		for _, u := range of.by[name].uses {
			below = r.add(name, u)
		}
		below.addAll(of.by[name].below)
	}
}
