package fake

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"
)

const (
	tokenPath     = "/oauth2/access_token"
	subdomainPath = "/oauth2/account/current/subdomain"

	defaultAccessLifetime  = 24 * time.Hour
	defaultRefreshLifetime = 90 * 24 * time.Hour
	defaultCodeLifetime    = 20 * time.Minute
)

// issuer knows the grants that are still good and the access tokens that were issued for others. An access token stays good until its end
// when its pair is replaced.
type issuer struct {
	grants map[string]issuedGrant
	tokens map[string]Token
}

type issuedGrant struct {
	Grant

	at time.Time
}

func (i *issuer) add(grants []Grant, now time.Time) {
	if i.grants == nil {
		i.grants, i.tokens = make(map[string]issuedGrant), make(map[string]Token)
	}
	for _, g := range grants {
		i.grants[g.Value] = issuedGrant{g, now}
	}
}

// issued finds an access token that was issued for a grant.
func (s *Server) issued(bearer string) (Token, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	t, ok := s.issuer.tokens[bearer]
	return t, ok
}

// RevokeAccess ends all access tokens that were issued so far; the refresh tokens stay good.
func (s *Server) RevokeAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issuer.tokens)
}

// RevokeGrants ends all codes and refresh tokens.
func (s *Server) RevokeGrants() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.issuer.grants)
}

// tokenRequest is what a client sends for a pair of tokens.
type tokenRequest struct {
	ClientID     string `json:"client_id"`
	ClientSecret string `json:"client_secret"`
	GrantType    string `json:"grant_type"`
	Code         string `json:"code"`
	RefreshToken string `json:"refresh_token"`
	RedirectURI  string `json:"redirect_uri"`
}

func readTokenRequest(r *http.Request) (asked tokenRequest, op string) {
	_ = json.NewDecoder(http.MaxBytesReader(nil, r.Body, 1<<16)).Decode(&asked) // what is missing is told like what is wrong
	if asked.GrantType == "authorization_code" {
		return asked, "token.code"
	}
	return asked, "token.refresh"
}

// oauthProblem is an error of the token endpoint.
type oauthProblem struct {
	Hint   string `json:"hint,omitempty"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (c *call) oauthProblem(status int, hint string) {
	c.json(status, "application/problem+json", oauthProblem{
		Hint: hint, Title: http.StatusText(status), Type: "https://developers.example/OAuthProblemJson", Status: status, Detail: http.StatusText(status) + ".",
	})
}

// moved says whether the account is at another host by now.
func (c *call) moved() bool { return c.options.Host != "" && c.r.Host != c.options.Host }

// token answers the token endpoint. The grant dies as soon as it is found good.
func (s *Server) token(c *call, asked tokenRequest) {
	app := c.index.data.Integration
	switch {
	case c.options.TokensBlocked:
		c.blockPage()
		return
	case app == nil:
		c.problem(http.StatusNotFound)
		return
	case c.r.Method != http.MethodPost:
		c.problem(http.StatusMethodNotAllowed)
		return
	case c.moved():
		c.oauthProblem(orElse(c.options.MovedStatus, http.StatusNotFound), "")
		return
	case asked.ClientID != app.ClientID || asked.ClientSecret != app.Secret || asked.RedirectURI != app.RedirectURI:
		c.oauthProblem(http.StatusBadRequest, "Check the parameters")
		return
	}
	pair, ok := s.exchange(c, asked, time.Now())
	if !ok {
		c.oauthProblem(http.StatusUnauthorized, "Token has been revoked")
		return
	}
	if c.options.AfterToken != nil {
		c.options.AfterToken()
	}
	c.json(http.StatusOK, "application/json", pair)
}

// pair is what a grant is exchanged for.
type pair struct {
	TokenType    string `json:"token_type"`
	ExpiresIn    int    `json:"expires_in"`
	AccessToken  string `json:"access_token"`
	RefreshToken string `json:"refresh_token"`
}

func (s *Server) exchange(c *call, asked tokenRequest, now time.Time) (pair, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	value, code, life := asked.RefreshToken, false, orElse(c.options.RefreshLifetime, defaultRefreshLifetime)
	if asked.GrantType == "authorization_code" {
		value, code, life = asked.Code, true, orElse(c.options.CodeLifetime, defaultCodeLifetime)
	}
	g, ok := s.issuer.grants[value]
	if !ok || g.Code != code || !now.Before(g.at.Add(life)) {
		return pair{}, false
	}
	delete(s.issuer.grants, value)
	access := orElse(c.options.AccessLifetime, defaultAccessLifetime)
	p := pair{
		TokenType: "Bearer", ExpiresIn: int(access / time.Second), RefreshToken: "def50200" + rand.Text() + rand.Text(),
		AccessToken: webToken(c, g.Grant, now, now.Add(access)),
	}
	s.issuer.add([]Grant{{Value: p.RefreshToken, UserID: g.UserID, Admin: g.Admin}}, now)
	s.issuer.tokens[p.AccessToken] = Token{Value: p.AccessToken, UserID: g.UserID, Admin: g.Admin, Expires: now.Add(access)}
	return p, true
}

// webToken makes a JWT that nobody can check, since its signature is made up.
func webToken(c *call, g Grant, now, end time.Time) string {
	part := func(v any) string {
		b, _ := json.Marshal(v) // texts and numbers
		return base64.RawURLEncoding.EncodeToString(b)
	}
	return part(map[string]any{"typ": "JWT", "alg": "RS256", "jti": rand.Text()}) + "." + part(map[string]any{
		"aud": c.index.data.Integration.ClientID, "iat": now.Unix(), "nbf": now.Unix(), "exp": end.Unix(),
		"sub": strconv.FormatInt(g.UserID, 10), "account_id": c.index.data.Account.ID, "base_domain": "kommo.com",
		"api_domain": orElse(c.options.APIDomain, c.r.Host), "scopes": []string{"crm"},
	}) + "." + base64.RawURLEncoding.EncodeToString([]byte(rand.Text()))
}

// subdomain tells a client with a good refresh token where the account is.
func (s *Server) subdomain(c *call) {
	s.mu.Lock()
	g, ok := s.issuer.grants[c.r.Header.Get("X-Refresh-Token")]
	s.mu.Unlock()
	if !ok || g.Code {
		c.oauthProblem(http.StatusUnauthorized, "Token has been revoked")
		return
	}
	host := orElse(c.options.Host, c.r.Host)
	name, rest, _ := strings.Cut(host, ".")
	c.json(http.StatusOK, "application/json", map[string]any{
		"id": c.index.data.Account.ID, "subdomain": name, "domain": host, "top_level_domain": rest,
	})
}
