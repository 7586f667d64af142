package rest

import (
	"context"
	"net/http"

	"roster/connectors"
)

// DoAs is Do with a bearer token that is renewed. If expired says so of a refusal, another token is got and the call sent once more, be
// it a read or a write: expired must be true only for what has not been carried out.
func (c *Client) DoAs(ctx context.Context, req Request, who connectors.Tokens, expired func(*connectors.Error) bool) (*Response, error) {
	token, err := who.Token(ctx)
	if err != nil {
		return nil, c.unready(req, err)
	}
	resp, err := c.DoWith(ctx, req, token)
	if err == nil || !expired(connectors.AsError(c.opt.Source, err)) {
		return resp, err
	}
	token, err = who.Renew(ctx, token)
	if err != nil {
		return nil, c.unready(req, err)
	}
	return c.DoWith(ctx, req, token)
}

// DoWith is Do with that token. If the account has moved, the client moves with it.
func (c *Client) DoWith(ctx context.Context, req Request, token connectors.Token) (*Response, error) {
	if token.Address != "" {
		// What is no address has not come from a token endpoint, and changes nothing.
		if base, err := parseBase(token.Address); err == nil {
			c.base.Store(base)
		}
	}
	req.Sign = func(r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+token.Value.Reveal())
		return nil
	}
	return c.Do(ctx, req)
}

// unready names the call that there was no token for. A write has then not been carried out, whatever happened to the call for the token; a
// reading that there is no token for has failed.
func (c *Client) unready(req Request, err error) error {
	e := *connectors.AsError(c.opt.Source, err)
	e.Source, e.Op, e.Unsent = c.opt.Source, req.Op, e.Unsent || req.Write
	return &e
}
