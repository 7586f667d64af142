package fake

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	defaultAccessLifetime  = 24 * time.Hour
	defaultRefreshLifetime = 30 * 24 * time.Hour
	defaultCodeLifetime    = 10 * time.Minute
)

// issuer knows the grants that are still good, and the ends of the access tokens that were issued for others.
type issuer struct {
	grants map[string]issuedGrant
	tokens map[string]time.Time
}

type issuedGrant struct {
	Grant

	at time.Time
}

func (i *issuer) add(grants []Grant, now time.Time) {
	if i.grants == nil {
		i.grants, i.tokens = make(map[string]issuedGrant), make(map[string]time.Time)
	}
	for _, g := range grants {
		i.grants[g.Value] = issuedGrant{g, now}
	}
}

// knows says whether a header holds a token that is good.
func (i *issuer) knows(header string, now time.Time) bool {
	token, ok := strings.CutPrefix(header, "Bearer ")
	end, issued := i.tokens[token]
	return ok && issued && now.Before(end)
}

// RevokeAccess ends all access tokens that were issued so far; the refresh tokens stay good.
func (s *Server) RevokeAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issuer.tokens)
}

// expired is what a token that is not good gets.
func (k Options) expired() []byte {
	if k.OlderExpiry {
		return encode(map[string]string{"status": "error", "message": "Access token is expired"})
	}
	return encode(map[string]string{"status": "error", "errorDescription": "The access token is expired"})
}

// tokens answers a token endpoint: op is oauth2/token or oauth2/refresh. Parameters come as a form, or in the query.
func (s *Server) tokens(w http.ResponseWriter, r *http.Request, op string) {
	form := r.URL.Query()
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
		if err != nil {
			return // the client has gone
		}
		if posted, err := url.ParseQuery(string(body)); err == nil && len(posted) > 0 {
			form = posted
		}
	}
	s.begin(op)
	s.mu.Lock()
	a := answer{status: http.StatusOK}
	if s.data.Application == nil {
		a.status, a.body = http.StatusNotFound, []byte("{}")
	} else {
		a.body = s.exchange(op, form, time.Now())
	}
	s.mu.Unlock()
	write(w, a)
}

func (s *Server) exchange(op string, form url.Values, now time.Time) []byte {
	app := s.data.Application
	if form.Get("client_id") != app.ClientID || form.Get("client_secret") != app.Secret {
		return s.options.refusal("invalid_client", "Client authentication failed")
	}
	value, code, life, says := form.Get("refresh_token"), false, orElse(s.options.RefreshLifetime, defaultRefreshLifetime), "Cannot decrypt the refresh token"
	want := "refresh_token"
	if op == "oauth2/token" {
		value, code, life, says = form.Get("code"), true, orElse(s.options.CodeLifetime, defaultCodeLifetime), "Authorization code has been revoked"
		want = "authorization_code"
	}
	if form.Get("grant_type") != want || code && form.Get("redirect_uri") != app.RedirectURI {
		return s.options.refusal("invalid_request", "Check the parameters")
	}
	g, ok := s.issuer.grants[value]
	if !ok || g.Code != code || !now.Before(g.at.Add(life)) {
		return s.options.refusal("invalid_request", says)
	}
	if code || !s.options.ReusableRefresh {
		delete(s.issuer.grants, value)
	}
	access, lasts := "eyJ"+rand.Text()+"."+rand.Text()+"."+rand.Text(), orElse(s.options.AccessLifetime, defaultAccessLifetime)
	refresh := "def502" + rand.Text() + rand.Text()
	s.issuer.add([]Grant{{Value: refresh}}, now)
	s.issuer.tokens[access] = now.Add(lasts)
	pair := map[string]any{"token_type": "Bearer", "expires_in": int(lasts / time.Second), "access_token": access, "refresh_token": refresh}
	if code && s.options.AccountURL != "" {
		pair["account_url"] = s.options.AccountURL
	}
	return encode(pair)
}

// refusal is an error of the token endpoints, in an HTTP 200.
func (k Options) refusal(word, says string) []byte {
	if k.StandardErrors {
		return encode(map[string]string{"error": word, "error_description": says})
	}
	return encode(map[string]string{"error": word, "errorDescription": says})
}

func orElse[T comparable](value, fallback T) T {
	var zero T
	if value == zero {
		return fallback
	}
	return value
}
