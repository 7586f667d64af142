package kommo

import (
	"roster/connectors"
	"roster/connectors/wire"
)

// Details is what only Kommo tells of an account.
type Details struct {
	Admin            bool
	Free             bool
	MailAccess       bool
	CatalogAccess    bool
	Permissions      []connectors.Permission
	StagePermissions []connectors.StagePermission
	UUID             string
	ChatID           string
	Rank             string // newbie, candidate, master, or a word that is new
}

// Fields lists the fields in the order of their encoding.
func (d *Details) Fields(c *wire.Codec) {
	c.Bool(&d.Admin)
	c.Bool(&d.Free)
	c.Bool(&d.MailAccess)
	c.Bool(&d.CatalogAccess)
	wire.List(c, &d.Permissions, connectors.PermissionFields)
	wire.List(c, &d.StagePermissions, connectors.StagePermissionFields)
	c.String(&d.UUID)
	c.String(&d.ChatID)
	c.String(&d.Rank)
}
