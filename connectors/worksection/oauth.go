package worksection

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/rest"
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

// exchange gives a grant for a pair of tokens. Whether the vendor lets a refresh token be used twice is not known: it is taken to die.
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
	var answer tokens
	if err := resp.JSON(&answer); err != nil {
		return connectors.TokenPair{}, err
	}
	if !plain(answer.Access) || !plain(answer.Refresh) {
		return connectors.TokenPair{}, resp.Fail(connectors.KindBadResponse, "no pair of tokens in the answer")
	}
	seconds, _ := strconv.ParseInt(string(answer.ExpiresIn), 10, 32)
	return connectors.TokenPair{Access: answer.Access, Refresh: answer.Refresh, Lifetime: time.Duration(max(0, seconds)) * time.Second}, nil
}

// plain says whether a token can stand in a header.
func plain(token connectors.Secret) bool {
	return token != "" && !strings.ContainsFunc(token.Reveal(), func(r rune) bool { return r <= ' ' || r > '~' })
}

// tokens is what the token endpoints give: a pair, or an error, both with HTTP 200. The vendor spells the description in its own way; the
// standard's is taken too.
type tokens struct {
	Access      connectors.Secret `json:"access_token"`
	Refresh     connectors.Secret `json:"refresh_token"`
	ExpiresIn   rest.Scalar       `json:"expires_in"`
	Error       rest.Scalar       `json:"error"`
	Description rest.Scalar       `json:"errorDescription"`
	Standard    rest.Scalar       `json:"error_description"`
}

// judgeToken says what the token endpoints' replies mean. One word stands for several faults: that it is the grant which is not accepted
// shows in the description only.
func judgeToken(r *rest.Response) *connectors.Error {
	const check = "check client_id and client_secret in oauth"
	if r.Status == http.StatusTooManyRequests || r.Status >= 500 || r.Status >= 300 && r.Status < 400 {
		return judgeStatus(r)
	}
	var body tokens
	if json.Unmarshal(r.Body, &body) != nil {
		if r.Status == http.StatusOK {
			return r.Fail(connectors.KindBadResponse, "not the JSON that was expected")
		}
		return unexplained(r)
	}
	word := string(body.Error)
	says := strings.ToLower(string(body.Description) + " " + string(body.Standard))
	switch {
	case word == "" && r.Status == http.StatusOK && body.Access != "":
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
