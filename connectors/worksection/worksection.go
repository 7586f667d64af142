package worksection

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

// Open returns the source that cfg describes; it makes no call. It takes Config.URL, the address of the account such as
// https://acme.worksection.com, and Settings. The error names every wrong setting by its
// key.
func Open(cfg connectors.Config) (*connectors.Source, error) {
	return open(cfg, nil)
}

// open takes the transport too, for tests within a bubble of fake time.
func open(cfg connectors.Config, transport http.RoundTripper) (*connectors.Source, error) {
	limit, settings := defaultLimit, connectors.SettingsOf[Settings](cfg)
	if cfg.RateLimit != nil {
		limit = *cfg.RateLimit
	}
	rc, err := rest.New(rest.Options{
		Source: cfg.Name, Kind: Name, Runtime: cfg.Runtime,
		Base: cfg.URL, Judge: judge, Timeout: cfg.Timeout, Transport: transport,
		Counted: connectors.Fingerprint(Name, "calls", canonical(cfg.URL)), Limit: limit, Retries: cfg.Retries, Bounds: cfg.Bounds,
	})
	if err != nil {
		err = fmt.Errorf("url: %w", err)
	}
	if err := errors.Join(err, checkCredential(settings, cfg.Runtime.Tokens)); err != nil {
		return nil, err
	}
	c := &client{rest: rc}
	to := converter{zone: cfg.TimeZone, region: cfg.PhoneRegion, keep: decode.NewKeep(cfg, neverShown)}
	if to.zone == nil {
		to.zone = time.UTC
	}
	s := &connectors.Source{
		Name:           cfg.Name,
		Kind:           Name,
		URL:            strings.TrimRight(cfg.URL, "/"),
		Fingerprint:    connectors.Fingerprint(Name, canonical(cfg.URL), settings.APIKey.Reveal()),
		Mentions:       connectors.Mentions{Teams: true, Roles: true, Folders: true},
		Accounts:       list(c, actionUsers, to.listed),
		Teams:          list(c, actionUserGroups, team),
		Contacts:       list(c, actionContacts, to.contact),
		ContactFolders: list(c, actionContactGroups, folder),
		Prober:         c,
		Self:           &self{rest: rc, source: cfg.Name, convert: to.account},
		Health:         rc.Health,
		Resume:         rc.Resume,
	}
	switch {
	case settings.OAuth != nil:
		o := &oauth{rest: rc, cfg: *settings.OAuth}
		chain := settings.OAuth.Chain(Name)
		tokens := cfg.Runtime.Tokens.Keep(cfg.Name, chain, settings.OAuth.First(), o.exchange)
		c.send, s.Credential = c.asUser(tokens), tokens.Credential
		s.Fingerprint = connectors.Fingerprint(Name, canonical(cfg.URL), "oauth", chain)
	case settings.Signing == signingHMAC:
		c.send = c.stamped(settings.APIKey)
	default:
		c.send = c.signed(settings.APIKey)
	}
	c.setCreators(s, to)
	return s, nil
}

// The ways to use an API key.
const (
	signingMD5  = "md5"
	signingHMAC = "hmac"
)

func checkCredential(s *Settings, tokens connectors.TokenRenewer) error {
	var err error
	if s.Signing != "" && s.Signing != signingMD5 && s.Signing != signingHMAC {
		err = errors.New("signing: must be md5 or hmac")
	}
	key := strings.TrimSpace(s.APIKey.Reveal())
	switch {
	case s.OAuth == nil && key == "":
		return errors.Join(err, errors.New("api_key: required"))
	case s.OAuth == nil:
		return err
	case key != "":
		err = errors.Join(err, errors.New("api_key: give either this or oauth"))
	case tokens == nil:
		err = errors.Join(err, errors.New("oauth: "+connectors.NoTokenStore))
	}
	// A refresh needs no redirect_uri here.
	return errors.Join(err, rest.CheckOAuth(s.OAuth, s.OAuth.Code != ""))
}

// canonical spells an address that rest has accepted in one way, so that a slash or a capital letter does not make another source of it.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/")
}
