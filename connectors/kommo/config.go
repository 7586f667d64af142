package kommo

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// defaultTimeout bounds one call; the vendor's own client waits as long.
const defaultTimeout = 20 * time.Second

// Open makes a source of a Kommo account. It takes a URL, Settings, and the settings that all kinds share; the error
// lists every fault of the configuration. No call is made.
func Open(cfg connectors.Config) (*connectors.Source, error) { return open(cfg, nil) }

func open(cfg connectors.Config, transport http.RoundTripper) (*connectors.Source, error) {
	settings := connectors.SettingsOf[Settings](cfg)
	base, urlErr := ownAddress(cfg.URL)
	token, credentialErr := checkCredential(settings, cfg.Runtime.Tokens)
	options := rest.Options{
		Source: cfg.Name, Kind: Name, Runtime: cfg.Runtime,
		Base:      base,
		Judge:     judge,
		Sign:      func(r *http.Request) error { r.Header.Set("Authorization", "Bearer "+token); return nil },
		Counted:   connectors.Fingerprint(Name, "calls", base),
		Limit:     defaultLimit,
		Retries:   cfg.Retries,
		Bounds:    cfg.Bounds,
		Timeout:   defaultTimeout,
		Transport: transport,
	}
	if cfg.RateLimit != nil {
		options.Limit = *cfg.RateLimit
	}
	options.Also = []connectors.Budget{{Key: connectors.Fingerprint(Name, "calls of all accounts"), Limit: together(options.Limit)}}
	if cfg.Timeout > 0 {
		options.Timeout = cfg.Timeout
	}
	caller, err := rest.New(options)
	if err != nil && urlErr == nil {
		urlErr = fmt.Errorf("url: %w", err)
	}
	if err := errors.Join(urlErr, credentialErr); err != nil {
		return nil, err
	}
	c := &client{rest: caller, source: cfg.Name, region: cfg.PhoneRegion, keep: decode.NewKeep(cfg, neverShown), custom: cfg.CustomFields}
	s := &connectors.Source{
		Name:        cfg.Name,
		Kind:        Name,
		URL:         base,
		Fingerprint: connectors.Fingerprint(Name, base, token),
		Mentions:    connectors.Mentions{Teams: true, Roles: true},
		Accounts:    connectors.ListFunc[connectors.Account](c.accounts),
		Teams:       connectors.ListFunc[connectors.Team](c.teams),
		Roles:       connectors.ListFunc[connectors.Role](c.roles),
		Contacts:    &addressBook{client: c},
		Health:      caller.Health,
		Resume:      caller.Resume,
	}
	expires := tokenExpiry(token)
	s.Prober = prober{client: c, expires: expires}
	if !expires.IsZero() {
		s.Credential = func() connectors.CredentialStatus { return connectors.LastingCredential(expires, detailRenew) }
	}
	if settings.OAuth != nil {
		o := &oauth{rest: caller, cfg: *settings.OAuth, base: base}
		c.tokens = cfg.Runtime.Tokens.Keep(cfg.Name, settings.OAuth.Chain(Name), settings.OAuth.First(), o.exchange)
		s.Credential = c.tokens.Credential
		s.Fingerprint = connectors.Fingerprint(Name, base, "oauth", settings.OAuth.Chain(Name))
	}
	return s, nil
}

// checkCredential returns the token that is not renewed, or says what is wrong with the credential.
func checkCredential(s *Settings, tokens connectors.TokenRenewer) (string, error) {
	switch {
	case s.OAuth == nil:
		return checkToken(s.AccessToken)
	case s.AccessToken != "":
		return "", errors.Join(errors.New("access_token: give either this or oauth"), rest.CheckOAuth(s.OAuth, true))
	case tokens == nil:
		return "", errors.Join(errors.New("oauth: "+connectors.NoTokenStore), rest.CheckOAuth(s.OAuth, true))
	}
	return "", rest.CheckOAuth(s.OAuth, true)
}

// allAccounts is what Kommo allows for one address of the caller, as one of its texts has it, whatever the accounts; the tenth more is for
// calls on their way.
var allAccounts = connectors.RateLimit{Calls: 7, Per: 1100 * time.Millisecond}

// together returns the limit over all accounts that this program calls: the vendor's, or where the operator has set more for one of them, that.
func together(own connectors.RateLimit) connectors.RateLimit {
	if own.Calls <= 0 || own.Per <= 0 {
		return connectors.RateLimit{}
	}
	if float64(own.Calls)/own.Per.Seconds() > float64(allAccounts.Calls)/allAccounts.Per.Seconds() {
		return connectors.RateLimit{Calls: own.Calls, Per: own.Per}
	}
	return allAccounts
}

// ownAddress returns the account's address in the one form that stands for it, without the slash at its end.
func ownAddress(raw string) (string, error) {
	if raw == "" {
		return "", errors.New("url: required")
	}
	u, err := url.Parse(raw)
	if err != nil {
		return raw, nil // the client refuses it, in the words that all kinds share
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	// The shared host answers, but for no account.
	if host := u.Hostname(); host == "www.kommo.com" || host == "kommo.com" {
		return "", errors.New("url: must be the account's own address, such as https://example.kommo.com")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func checkToken(secret connectors.Secret) (string, error) {
	token := strings.TrimSpace(secret.Reveal())
	switch {
	case token == "":
		return "", errors.New("access_token: required")
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "", errors.New("access_token: must be one word of ASCII characters")
	}
	return token, nil
}
