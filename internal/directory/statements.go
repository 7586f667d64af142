package directory

import (
	"strings"

	"roster/connectors"
	"roster/internal/names"
)

// statements are what records say of one field of a team, a role or a folder: first the object's own record, then the records that mention it, in the
// order of their IDs. Of records that say the same, the first is there. The first statement is the value of the field; the others only explain it, so
// there are at most MaxRecordCandidates.
type statements[V any] []statement[V]

// statement is what one record says.
type statement[V any] struct {
	by    *connectors.Account // nil for the object's own record, and for a contact that mentions a folder
	value V
}

// value returns the value of the field: what the first record says, or a default if none says anything.
func (s statements[V]) value(otherwise V) V {
	if len(s) == 0 {
		return otherwise
	}
	return s[0].value
}

// add adds what a record says, unless an earlier one says the same.
func (s *statements[V]) add(by *connectors.Account, value V, same func(x, y V) bool) {
	if len(*s) == MaxRecordCandidates {
		return
	}
	for i := range *s {
		if same((*s)[i].value, value) {
			return
		}
	}
	*s = append(*s, statement[V]{by, value})
}

// sameName reports whether two names are the same. Letter case does not count.
func sameName(x, y string) bool { return x == y || nameKey(x) == nameKey(y) }

// nameKey is the form in which names that contradict each other are compared.
func nameKey(name string) string { return strings.ToLower(names.Key(name)) }

func sameLevel(x, y connectors.AccessLevel) bool { return x == y }
