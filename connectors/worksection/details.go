package worksection

import (
	"roster/connectors"
	"roster/connectors/wire"
)

// Details is what only Worksection tells of an account.
type Details struct {
	Rate          *float64 // without unit or currency; nil if not given
	Chats         []connectors.Handle
	Socials       []connectors.Handle
	OtherContacts string
}

// Fields lists the fields in the order of their encoding.
func (d *Details) Fields(c *wire.Codec) {
	wire.Optional(c, &d.Rate, (*wire.Codec).Float)
	wire.List(c, &d.Chats, connectors.HandleFields)
	wire.List(c, &d.Socials, connectors.HandleFields)
	c.String(&d.OtherContacts)
}
