package kommo

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

const (
	opToken     = "oauth2.access_token" //nolint:gosec // the name of a call
	opSubdomain = "oauth2.subdomain"

	pathToken     = "oauth2/access_token" //nolint:gosec // a path
	pathSubdomain = "oauth2/account/current/subdomain"
)

// oauth gets tokens for one account. The first exchange and all later ones go to the same endpoint, which is the account's own.
//
// POST /oauth2/access_token: https://developers.kommo.com/docs/oauth-20
type oauth struct {
	rest *rest.Client
	cfg  connectors.OAuth
	base string // the account's address as configured
}

// exchange exchanges a grant for a pair of tokens. An account whose subdomain was renamed answers 401 or 404 at its old place: where Kommo
// names another one, the grant has not been used and is given there.
func (o *oauth) exchange(ctx context.Context, g connectors.TokenGrant) (connectors.TokenPair, error) {
	pair, err := o.ask(ctx, g, g.Last.Address)
	if !connectors.IsKind(err, connectors.KindUnauthorized) && !connectors.IsKind(err, connectors.KindNotFound) {
		return pair, err
	}
	address := o.moved(ctx, g)
	if address == "" {
		return pair, err
	}
	return o.ask(ctx, g, address)
}

// ask sends the grant to the token endpoint of the account at address; empty for the one configured.
func (o *oauth) ask(ctx context.Context, g connectors.TokenGrant, address string) (connectors.TokenPair, error) {
	body := map[string]string{
		"client_id": o.cfg.ClientID, "client_secret": o.cfg.ClientSecret.Reveal(), "redirect_uri": o.cfg.RedirectURI,
		"grant_type": "refresh_token", "refresh_token": g.Refresh.Reveal(),
	}
	if g.Refresh == "" {
		body["grant_type"], body["code"] = "authorization_code", g.Code.Reveal()
		delete(body, "refresh_token")
	}
	encoded, err := json.Marshal(body)
	if err != nil {
		return connectors.TokenPair{}, &connectors.Error{Op: opToken, Kind: connectors.KindInvalid, Err: err}
	}
	place := address
	if o.cfg.URL != "" {
		place = o.cfg.URL
	} else if place == "" {
		place = o.base
	}
	resp, err := o.rest.Do(ctx, rest.Request{
		Op: opToken, Method: http.MethodPost, Base: place, Path: pathToken, Body: encoded, ContentType: "application/json", Write: true,
		Judge: judgeToken,
		Sign: func(r *http.Request) error {
			if g.Sending == nil {
				return nil
			}
			return g.Sending(r.Context())
		},
	})
	if err != nil {
		return connectors.TokenPair{}, err
	}
	answer, err := resp.Document()
	if err != nil {
		return connectors.TokenPair{}, err
	}
	refresh := connectors.Secret(answer.Text("refresh_token"))
	access, accessErr := checkToken(connectors.Secret(answer.Text("access_token")))
	if _, err := checkToken(refresh); err != nil || accessErr != nil {
		return connectors.TokenPair{}, resp.Fail(connectors.KindBadResponse, "no pair of tokens in the answer")
	}
	return connectors.TokenPair{Access: connectors.Secret(access), Refresh: refresh, Lifetime: answer.Seconds("expires_in"), Address: address}, nil
}

// judgeToken returns what the token endpoint's replies mean. A grant that is not accepted is told with 401, and of codes 400 has been met;
// any other 400 is about what stands beside the grant, which may still be good.
func judgeToken(r *rest.Response) *connectors.Error {
	const check = "check client_id, client_secret and redirect_uri in oauth"
	switch r.Status {
	case http.StatusUnauthorized:
		return r.Fail(connectors.KindUnauthorized, "the refresh token or code is not accepted")
	case http.StatusBadRequest:
		body, _ := r.Document() // it need not be JSON
		if hint := strings.ToLower(body.Text("hint")); strings.Contains(hint, "revoked") || strings.Contains(hint, "expired") {
			return r.Fail(connectors.KindUnauthorized, "the refresh token or code is not accepted")
		}
		return r.Fail(connectors.KindInvalid, check)
	case http.StatusForbidden:
		if isObject(r) {
			return r.Fail(connectors.KindForbidden, "the integration is blocked or switched off; look after it in Kommo")
		}
	case http.StatusNoContent:
		return r.Fail(connectors.KindBadResponse, "no pair of tokens in the answer")
	}
	return judge(r)
}

// moved asks where the account is now, and returns its address if that is elsewhere. The token itself says where to ask; it goes to no other
// domain than the account's own.
func (o *oauth) moved(ctx context.Context, g connectors.TokenGrant) string {
	last := g.Last.Address
	if last == "" {
		last = o.base
	}
	base, err := url.Parse(last)
	if err != nil {
		return ""
	}
	domain := claims(g.Last.Access.Reveal()).Text("api_domain")
	if !sibling(domain, base) {
		return ""
	}
	resp, err := o.rest.Do(ctx, rest.Request{
		Op: opSubdomain, Base: base.Scheme + "://" + domain + base.EscapedPath(), Path: pathSubdomain, Write: true,
		Header: http.Header{"X-Refresh-Token": {g.Last.Refresh.Reveal()}},
		Sign:   func(*http.Request) error { return nil },
	})
	if err != nil {
		return ""
	}
	answer, _ := resp.Document() // if it cannot be read, the domain is empty
	now := answer.Text("domain")
	if !sibling(now, base) || strings.EqualFold(now, base.Host) {
		return ""
	}
	base.Host = strings.ToLower(now)
	return base.String()
}

// sibling reports whether a host is one of the same domain as the account's: api-b.kommo.com and acme.kommo.com are.
func sibling(host string, account *url.URL) bool {
	u, err := url.Parse("//" + host)
	if err != nil || u.Host != host || u.Hostname() == "" {
		return false
	}
	if strings.EqualFold(u.Hostname(), account.Hostname()) {
		return true
	}
	_, domain, ok := strings.Cut(strings.ToLower(account.Hostname()), ".")
	return ok && strings.Contains(domain, ".") && strings.HasSuffix(strings.ToLower(u.Hostname()), "."+domain)
}

// claims reads what a token says of itself, as a hint: it is a JWT, and nothing here could check its signature. Nothing where it is none.
func claims(token string) decode.Value {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return decode.Value{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return decode.Value{}
	}
	said, _ := decode.JSON(payload) // what cannot be read says nothing
	return said
}
