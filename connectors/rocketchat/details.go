package rocketchat

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/wire"
)

// Details is what only Rocket.Chat tells of an account.
type Details struct {
	Type      string
	UTCOffset *float64 // hours east of UTC; nil if not given
	// CustomFields is a JSON object, or nil if the source does not list them. SetCustomFields sets them.
	CustomFields []byte

	fields *[]customField // CustomFields, read once; nil for none, so that accounts without them take little memory
}

// customField has the values of a custom field: texts, numbers and flags as text.
type customField struct {
	name   string
	values []string
	// clue is true if it is one text or one number. Others tell no accounts apart.
	clue bool
}

// Fields lists the fields in the order of their encoding.
func (d *Details) Fields(c *wire.Codec) {
	c.String(&d.Type)
	wire.Optional(c, &d.UTCOffset, (*wire.Codec).Float)
	c.Bytes(&d.CustomFields)
	if c.Decoding() {
		d.SetCustomFields(d.CustomFields)
	}
}

// SetCustomFields sets the custom fields: a JSON object, or nil.
func (d *Details) SetCustomFields(object []byte) {
	d.CustomFields, d.fields = object, readCustomFields(object)
}

// Completed returns the details with the earlier custom fields if they have none: a fetch that asks for each user may have ended before this one. So only a
// complete fetch shows that somebody has no custom fields any more.
func (d *Details) Completed(earlier connectors.Details) connectors.Details {
	was, ok := earlier.(*Details)
	if !ok || d.CustomFields != nil || was.CustomFields == nil {
		return d
	}
	completed := *d
	completed.CustomFields, completed.fields = was.CustomFields, was.fields
	return &completed
}

// Value returns the custom field with this name; "" if it is neither a text nor a number.
func (d *Details) Value(name string) string {
	if f := d.field(name); f != nil && f.clue {
		return f.values[0]
	}
	return ""
}

// Values returns the values of the custom field with this name: texts, numbers and flags, also those of a list.
func (d *Details) Values(name string) []string {
	if f := d.field(name); f != nil {
		return f.values
	}
	return nil
}

func (d *Details) field(name string) *customField {
	if d.fields != nil {
		for i := range *d.fields {
			if f := &(*d.fields)[i]; f.name == name {
				return f
			}
		}
	}
	return nil
}

// readCustomFields reads an object. It is called when a row or a stored record is read, and not for each directory that is built from it.
func readCustomFields(object []byte) *[]customField {
	if len(object) == 0 {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(object))
	d.UseNumber()
	var members map[string]any
	if d.Decode(&members) != nil {
		return nil
	}
	fields := make([]customField, 0, len(members))
	for _, name := range slices.Sorted(maps.Keys(members)) {
		f := customField{name: name}
		switch v := members[name].(type) {
		case []any:
			for _, item := range v[:min(len(v), connectors.MaxFieldValues)] {
				f.add(item)
			}
		default:
			f.clue = f.add(v)
		}
		if len(f.values) > 0 {
			fields = append(fields, f)
		}
	}
	if len(fields) == 0 {
		return nil
	}
	fields = slices.Clip(fields)
	return &fields
}

// add adds a value, and reports whether it is a text or a number.
func (f *customField) add(v any) bool {
	switch v := v.(type) {
	case string:
		f.values = append(f.values, decode.Cut(v))
		return true
	case json.Number:
		f.values = append(f.values, v.String())
		return true
	case bool:
		if v {
			f.values = append(f.values, "true")
		} else {
			f.values = append(f.values, "false")
		}
	}
	return false
}
