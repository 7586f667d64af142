package kommo

import (
	"context"

	"roster/connectors"
)

// contacts reads the contacts that the token's user may see. They come by ID, so that those who are added meanwhile stand at the end
// and move nobody from one page to another.
//
// GET /api/v4/contacts: https://developers.kommo.com/reference/contacts-list
func (c *client) contacts(ctx context.Context, progress connectors.Progress[connectors.Contact]) (connectors.Listing[connectors.Contact], error) {
	return list(ctx, c, endpoint[contact, connectors.Contact]{
		op:      opContacts,
		path:    pathContacts,
		query:   "order%5Bid%5D=asc&limit=" + pageSize,
		key:     "contacts",
		convert: contactConverter{c.region}.convert,
	}, progress)
}
