package cost

import (
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/lengths"
)

// introspection has the lengths of the lists in answers to introspection queries, by the field's name.
type introspection map[string]lists

type lists struct {
	lengths.Longest
	disjoint bool // no item is in two lists
}

// introspected counts the lists of a schema. Items that an answer may omit, such as deprecated ones, are counted too.
func introspected(s *ast.Schema) introspection {
	counts := make(map[string]lengths.Count)
	count := func(field string, length int) {
		if counts[field] == nil {
			counts[field] = make(lengths.Count)
		}
		counts[field].Add(length)
	}
	count("__Schema.types", len(s.Types))
	count("__Schema.directives", len(s.Directives))
	for _, t := range s.Types {
		if t.Kind == ast.InputObject {
			count("__Type.inputFields", len(t.Fields))
		} else {
			count("__Type.fields", len(t.Fields))
		}
		count("__Type.enumValues", len(t.EnumValues))
		count("__Type.interfaces", len(t.Interfaces))
		count("__Type.possibleTypes", len(s.PossibleTypes[t.Name]))
		for _, f := range t.Fields {
			count("__Field.args", len(f.Arguments))
		}
	}
	for _, d := range s.Directives {
		count("__Directive.args", len(d.Arguments))
		count("__Directive.locations", len(d.Locations))
	}
	all := make(introspection, len(counts))
	for field, c := range counts {
		all[field] = lists{c.Longest(), field != "__Type.interfaces" && field != "__Type.possibleTypes"}
	}
	return all
}
