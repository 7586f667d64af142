package kommo

import (
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
)

// customFields returns the configured custom fields of a contact, by their paths; nil for none.
func (c contactConverter) customFields(fields []decode.Value) *connectors.Attributes {
	if len(c.custom) == 0 || len(fields) == 0 {
		return nil
	}
	names := make([][len(fieldKeys)]string, len(fields))
	for i, f := range fields {
		for k, key := range fieldKeys {
			names[i][k] = text(f, key)
		}
	}
	var found connectors.Attributes
	for _, wanted := range c.custom {
		i := fieldAt(names, wanted.Path)
		if i < 0 {
			continue
		}
		count := 0
		for _, v := range values(fields[i]) {
			for _, value := range customValues(fields[i], v, wanted) {
				if count++; count <= connectors.MaxFieldValues {
					found = append(found, connectors.Attribute{Name: wanted.Path, Value: value})
				}
			}
		}
	}
	if found == nil {
		return nil
	}
	return &found
}

// fieldKeys are what names a custom field, in the order in which they count.
var fieldKeys = [...]string{"field_id", "field_code", "field_name"}

// fieldAt returns the place of the custom field with this ID; if there is none, that with this code, and then that with this name. Names are those that
// people see, so two fields may have the same one: the first counts. It returns -1 for none.
func fieldAt(names [][len(fieldKeys)]string, path string) int {
	for k := range fieldKeys {
		for i := range names {
			if names[i][k] == path {
				return i
			}
		}
	}
	return -1
}

// customValues returns the values of one entry of a field. Kommo has dates as seconds, whatever people see; only who asks for a number gets these.
func customValues(field, value decode.Value, wanted connectors.CustomField) []string {
	if strings.HasPrefix(text(field, "field_type"), "date") && value.IsNumber("value") && wanted.Type != connectors.CustomNumber {
		at := value.Unix("value")
		if at.IsZero() {
			return nil
		}
		shown := at.Format(time.RFC3339)
		if _, fits := wanted.Type.Canonical(shown); fits {
			return []string{shown}
		}
	}
	return value.Custom("value", wanted)
}
