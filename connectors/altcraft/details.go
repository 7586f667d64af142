package altcraft

import "roster/connectors/wire"

// Details is what only Altcraft tells of an account.
type Details struct {
	NotifyEmail string
	Master      bool
}

// Fields lists the fields in the order of their encoding.
func (d *Details) Fields(c *wire.Codec) {
	c.String(&d.NotifyEmail)
	c.Bool(&d.Master)
}
