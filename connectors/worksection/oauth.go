package worksection

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"roster/connectors"
	"roster/connectors/rest"
)

const (
	// tokenHost is the one place for the tokens of all accounts.
	tokenHost = "https://worksection.com" //nolint:gosec // an address

	opToken   = "oauth2/token" //nolint:gosec // the name of a call
	opRefresh = "oauth2/refresh"
)

// oauth gets tokens of a user. The calls count against the account's limit: what the vendor counts by is not known.
//
// POST /oauth2/token: https://worksection.com/en/faq/api/api-start/1912.html
type oauth struct {
	rest *rest.Client
	cfg  connectors.OAuth
}

// exchange exchanges a grant for a pair of tokens. Whether the vendor lets a refresh token be used twice is not known: it is taken to die.
func (o *oauth) exchange(ctx context.Context, g connectors.TokenGrant) (connectors.TokenPair, error) {
	path := opRefresh
	form := url.Values{
		"client_id": {o.cfg.ClientID}, "client_secret": {o.cfg.ClientSecret.Reveal()},
		"grant_type": {"refresh_token"}, "refresh_token": {g.Refresh.Reveal()},
	}
	if g.Refresh == "" {
		path = opToken
		form.Set("grant_type", "authorization_code")
		form.Set("code", g.Code.Reveal())
		form.Set("redirect_uri", o.cfg.RedirectURI)
		form.Del("refresh_token")
	}
	resp, err := o.rest.Do(ctx, rest.Request{
		Op: path, Method: http.MethodPost, Base: cmp.Or(o.cfg.URL, tokenHost), Path: path, Body: []byte(form.Encode()),
		ContentType: "application/x-www-form-urlencoded", Write: true, Judge: judgeToken,
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
	access, refresh := connectors.Secret(answer.Text("access_token")), connectors.Secret(answer.Text("refresh_token"))
	if !plain(access) || !plain(refresh) {
		return connectors.TokenPair{}, resp.Fail(connectors.KindBadResponse, "no pair of tokens in the answer")
	}
	return connectors.TokenPair{Access: access, Refresh: refresh, Lifetime: answer.Seconds("expires_in")}, nil
}

// plain reports whether a token can stand in a header.
func plain(token connectors.Secret) bool {
	return token != "" && !strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' })
}

// judgeToken returns what the token endpoints' replies mean: a pair, or an error, both with HTTP 200. One word stands for several faults: that it
// is the grant which is not accepted shows in the description only. The vendor spells that in its own way; the standard's is taken too.
func judgeToken(r *rest.Response) *connectors.Error {
	const check = "check client_id and client_secret in oauth"
	if r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.Status >= 300 && r.Status < 400 {
		return judgeStatus(r)
	}
	body, err := r.Document()
	if err != nil || !body.IsObject() {
		if r.Status == http.StatusOK {
			return r.Fail(connectors.KindBadResponse, "not the JSON that was expected")
		}
		return unexplained(r)
	}
	word := body.Text("error")
	says := strings.ToLower(body.Text("errorDescription") + " " + body.Text("error_description"))
	switch {
	case word == "" && r.Status == http.StatusOK && body.Text("access_token") != "":
		return nil
	case word == "invalid_client" || word == "unauthorized_client":
		return r.Fail(connectors.KindInvalid, check)
	case word == "invalid_grant",
		word == "invalid_request" && (strings.Contains(says, "revoked") || strings.Contains(says, "expired") || strings.Contains(says, "refresh token")):
		return r.Fail(connectors.KindUnauthorized, "the refresh token or code is not accepted")
	case word == "invalid_request":
		return r.Fail(connectors.KindInvalid, "check what stands in oauth")
	case strings.Contains(strings.ToLower(word)+says, "too many"):
		e := r.Fail(connectors.KindRateLimited, "")
		e.RetryAfter = retryAfter(r)
		return e
	case r.Status != http.StatusOK:
		return unexplained(r)
	}
	return r.Fail(connectors.KindBadResponse, "no pair of tokens in the answer")
}

// unexplained is for a status without the vendor's own word: it does not say that the grant is dead.
func unexplained(r *rest.Response) *connectors.Error {
	e := judgeStatus(r)
	if e.Kind == connectors.KindUnauthorized {
		e.Kind, e.Detail = connectors.KindForbidden, "the token endpoint refuses the application; check client_id and client_secret in oauth"
	}
	return e
}
