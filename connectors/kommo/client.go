package kommo

import (
	"context"

	"roster/connectors"
	"roster/internal/rest"
)

// The calls, by the names that stand in errors.
const (
	opAccount  = "account.get"
	opUsers    = "users.list"
	opRoles    = "roles.list"
	opContacts = "contacts.list"
)

// The endpoints, below the account's address.
const (
	pathAccount  = "api/v4/account"
	pathUsers    = "api/v4/users"
	pathRoles    = "api/v4/roles"
	pathContacts = "api/v4/contacts"
)

// client calls one Kommo account. Safe for concurrent use.
type client struct {
	rest   *rest.Client
	source string
	region string // for national phone numbers
}

func (c *client) get(ctx context.Context, op, path, query string) (*rest.Response, error) {
	return c.rest.Do(ctx, rest.Request{Op: op, Path: path, Query: query})
}

// adminOnly says what a refusal by an endpoint for administrators means. Kommo answers 403, but 401 has been met too: where the same token
// is good for the account itself, it is not the token that was refused.
func (c *client) adminOnly(ctx context.Context, err error) error {
	if !connectors.IsKind(err, connectors.KindUnauthorized) {
		return err
	}
	if _, accountErr := c.get(ctx, opAccount, pathAccount, ""); accountErr != nil {
		return err
	}
	e := *connectors.AsError(c.source, err)
	e.Kind, e.Detail = connectors.KindForbidden, detailForbidden
	return &e
}
