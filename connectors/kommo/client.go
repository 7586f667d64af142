package kommo

import (
	"context"
	"net/http"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
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
	keep   decode.Keep // of the rows of users
	region string      // for national phone numbers
	custom []connectors.CustomField
	names  fieldNames
	tokens connectors.Tokens // nil if the token is not renewed
}

func (c *client) get(ctx context.Context, op, path, query string) (*rest.Response, error) {
	req := rest.Request{Op: op, Path: path, Query: query}
	switch {
	case c.tokens == nil:
		return c.rest.Do(ctx, req)
	case op == opUsers || op == opRoles:
		return c.getAsAdmin(ctx, req)
	}
	return c.rest.DoAs(ctx, req, c.tokens, refused)
}

// refused says that a call was not carried out for want of a good token.
func refused(e *connectors.Error) bool {
	return e.Kind == connectors.KindUnauthorized && e.Status == http.StatusUnauthorized
}

// getAsAdmin asks an endpoint for administrators. Its 401 may be about the right and not about the token, which must not be renewed for
// that each time: the account, which any good token may read, is asked about the token.
func (c *client) getAsAdmin(ctx context.Context, req rest.Request) (*rest.Response, error) {
	var used connectors.Token
	resp, err := c.rest.DoAs(ctx, req, noting{c.tokens, &used}, func(*connectors.Error) bool { return false })
	if err == nil || !refused(connectors.AsError(c.source, err)) {
		return resp, err
	}
	if _, accountErr := c.get(ctx, opAccount, pathAccount, ""); accountErr != nil {
		return nil, accountErr
	}
	if now, tokenErr := c.tokens.Token(ctx); tokenErr != nil || now.Value == used.Value {
		return nil, err
	}
	return c.rest.DoAs(ctx, req, c.tokens, func(*connectors.Error) bool { return false })
}

// noting notes the token that is given.
type noting struct {
	connectors.Tokens
	last *connectors.Token
}

// Token returns the token to use now.
func (n noting) Token(ctx context.Context) (connectors.Token, error) {
	t, err := n.Tokens.Token(ctx)
	*n.last = t
	return t, err
}

// explainRefusal returns KindForbidden for a refusal by an endpoint for administrators. Kommo answers 403, but we have also seen 401. If the
// account itself can be read with the same token, the token is valid and only lacks the right.
func (c *client) explainRefusal(ctx context.Context, err error) error {
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
