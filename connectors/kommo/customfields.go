package kommo

import (
	"cmp"
	"fmt"
	"strings"
	"sync"

	"roster/connectors"
	"roster/connectors/decode"
)

// customFields returns the values of the configured custom fields of a contact; nil for none.
func (c contactConverter) customFields(fields []decode.Value) *connectors.CustomValues {
	if len(c.custom) == 0 || len(fields) == 0 {
		return nil
	}
	var found connectors.CustomValues
	for _, wanted := range c.custom {
		i, field, others := fieldAt(fields, wanted.Path)
		if i < 0 {
			continue
		}
		if field != "" && (!c.names.isFirst(wanted.Path, field) || others) {
			fields[i].NoteCustom(wanted, connectors.AnotherField)
		}
		count := 0
		for _, v := range values(fields[i]) {
			for _, value := range v.Custom("value", wanted, formOf(fields[i])) {
				if count++; count <= connectors.MaxFieldValues {
					value.Field = field
					found = append(found, value)
				}
			}
		}
	}
	if found == nil {
		return nil
	}
	return &found
}

// fieldAt returns the place of the field that a path names; -1 for none. A path of digits is the ID of a field. Otherwise it is a code, or else the name
// that people see: several fields can have one, and a contact has only those that are not empty. So the second result tells the fields apart, the lowest of
// which counts: a code before a name, and then the lowest ID. Others reports whether the contact has another field of that name.
func fieldAt(fields []decode.Value, path string) (at int, field string, others bool) {
	at = -1
	if id := number(path); id != "" {
		for i, f := range fields {
			if number(text(f, "field_id")) == id {
				return i, "", false
			}
		}
		return at, "", false
	}
	for i, f := range fields {
		rank := 'c'
		if text(f, "field_code") != path {
			if rank = 'n'; text(f, "field_name") != path {
				continue
			}
		}
		key := fmt.Sprintf("%c%32s", rank, number(text(f, "field_id")))
		others = others || at >= 0
		if at < 0 || key < field {
			at, field = i, key
		}
	}
	return at, field, others
}

// formOf returns what numbers in a field mean. Kommo has dates as seconds, whatever people see.
func formOf(field decode.Value) connectors.CustomForm {
	if strings.HasPrefix(text(field, "field_type"), "date") {
		return connectors.CustomInstant
	}
	return connectors.CustomSeconds
}

// fieldNames remembers the first field of each path that names several, so that the others can be counted. The directory decides which of them count, by
// all contacts. A nil fieldNames remembers nothing. It is safe for concurrent use.
type fieldNames struct {
	mu    sync.Mutex
	first map[string]string
}

// isFirst reports whether no lower field of the path has been seen.
func (n *fieldNames) isFirst(path, field string) bool {
	if n == nil {
		return true
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if first := cmp.Or(n.first[path], field); first < field {
		return false
	}
	if n.first == nil {
		n.first = make(map[string]string)
	}
	n.first[path] = field
	return true
}
