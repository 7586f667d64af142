package rocketchat

import (
	"encoding/json"

	"roster/connectors/wire"
)

// Details is what only Rocket.Chat tells of an account.
type Details struct {
	Type      string
	UTCOffset *float64 // hours east of UTC; nil if not given
	// CustomFields is a JSON object, or nil if the source does not list them.
	CustomFields []byte
}

// Fields lists the fields in the order of their encoding.
func (d *Details) Fields(c *wire.Codec) {
	c.String(&d.Type)
	wire.Optional(c, &d.UTCOffset, (*wire.Codec).Float)
	c.Bytes(&d.CustomFields)
}

// Value returns the custom field with this name; "" if it is neither a text nor a number.
func (d *Details) Value(name string) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(d.CustomFields, &fields) != nil {
		return ""
	}
	var text string
	if json.Unmarshal(fields[name], &text) == nil {
		return text
	}
	var number json.Number
	if json.Unmarshal(fields[name], &number) == nil {
		return number.String()
	}
	return ""
}
