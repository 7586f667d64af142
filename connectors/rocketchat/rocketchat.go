package rocketchat

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// Open returns the source that cfg describes; it makes no call. It takes Config.URL, the address under which people open the server (with
// its path, where it is installed below one), and Settings. Config.RateLimit holds for each route. The error names every wrong setting by its key.
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
		Counted: connectors.Fingerprint(Name, "calls", canonical(cfg.URL)), Limit: limit, Told: told, Retries: cfg.Retries, Bounds: cfg.Bounds,
		Sign: func(r *http.Request) error {
			r.Header.Set("X-User-Id", settings.UserID)
			r.Header.Set("X-Auth-Token", settings.AuthToken.Reveal())
			return nil
		},
	})
	if err = errors.Join(checkURL(cfg.URL, err), check("user_id", settings.UserID), check("auth_token", settings.AuthToken.Reveal())); err != nil {
		return nil, err
	}
	root := canonical(cfg.URL)
	c := &client{rest: rc, root: root, userID: settings.UserID, keep: decode.NewKeep(cfg, neverShown), custom: newCustomReader(cfg, settings)}
	source := &connectors.Source{
		Name:        cfg.Name,
		Kind:        Name,
		URL:         strings.TrimRight(cfg.URL, "/"),
		Fingerprint: connectors.Fingerprint(Name, root, settings.UserID, settings.AuthToken.Reveal()),
		FieldsBy:    c.custom.by(),
		Mentions:    connectors.Mentions{Roles: true},
		Accounts:    connectors.ListFunc[connectors.Account](c.accounts),
		Teams:       connectors.ListFunc[connectors.Team](c.teams),
		Roles:       connectors.ListFunc[connectors.Role](c.roles),
		Presence:    c,
		Prober:      c,
		Health:      rc.Health,
		Resume:      rc.Resume,
	}
	if settings.Realtime {
		source.PresenceWatcher = &watcher{rest: rc, token: settings.AuthToken, pingEvery: pingEvery, silentFor: silentFor}
	}
	return source, nil
}

// checkURL finds, besides what rest has found, the address of the interface in place of the server's.
func checkURL(address string, err error) error {
	if err != nil {
		return fmt.Errorf("url: %w", err)
	}
	if p := strings.TrimRight(address, "/"); strings.HasSuffix(p, "/api") || strings.HasSuffix(p, "/api/v1") {
		return errors.New("url: must be the address that people open, without /api")
	}
	return nil
}

// check finds what no header can hold; both credentials travel in headers.
func check(key, value string) error {
	if strings.TrimSpace(value) == "" {
		return errors.New(key + ": required")
	}
	if strings.ContainsFunc(value, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return errors.New(key + ": must be printable ASCII without spaces or line breaks")
	}
	return nil
}

// canonical spells an address that rest has accepted in one way, so that a slash or a capital letter does not make another source of it.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/")
}
