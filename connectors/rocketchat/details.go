package rocketchat

import "roster/connectors/wire"

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
