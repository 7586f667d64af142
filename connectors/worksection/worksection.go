package worksection

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/rest"
)

// defaultLimit stays a little below the vendor's one request a second, since its clock and ours see the calls at different times.
var defaultLimit = connectors.RateLimit{Calls: 1, Per: 1100 * time.Millisecond}

// Open gives the source that cfg describes; it makes no call. It takes Config.URL, the address of the account such as
// https://acme.worksection.com, and Config.APIKey. The error names every wrong setting by its key.
func Open(cfg connectors.Config) (*connectors.Source, error) {
	return open(cfg, nil)
}

// open takes the transport too, for tests within a bubble of fake time.
func open(cfg connectors.Config, transport http.RoundTripper) (*connectors.Source, error) {
	limit := defaultLimit
	if cfg.RateLimit != nil {
		limit = *cfg.RateLimit
	}
	rc, err := rest.New(rest.Options{
		Source: cfg.Name, Kind: connectors.Worksection, Runtime: cfg.Runtime,
		Base: cfg.URL, Judge: judge, Limit: limit, Timeout: cfg.Timeout, Transport: transport,
	})
	if err != nil {
		err = fmt.Errorf("url: %w", err)
	}
	if strings.TrimSpace(cfg.APIKey.Reveal()) == "" {
		err = errors.Join(err, errors.New("api_key: required"))
	}
	if err != nil {
		return nil, err
	}
	c := &client{rest: rc, key: cfg.APIKey}
	to := converter{zone: cfg.TimeZone, region: cfg.PhoneRegion}
	if to.zone == nil {
		to.zone = time.UTC
	}
	return &connectors.Source{
		Name:           cfg.Name,
		Kind:           connectors.Worksection,
		URL:            strings.TrimRight(cfg.URL, "/"),
		Fingerprint:    connectors.Fingerprint(connectors.Worksection, canonical(cfg.URL), cfg.APIKey.Reveal()),
		Mentions:       connectors.Mentions{Teams: true, Roles: true, Folders: true},
		Accounts:       list(c, actionUsers, to.account),
		Teams:          list(c, actionUserGroups, team),
		Contacts:       list(c, actionContacts, to.contact),
		ContactFolders: list(c, actionContactGroups, folder),
		Prober:         c,
	}, nil
}

// canonical spells an address that rest has accepted in one way, so that a slash or a capital letter does not make another source of it.
func canonical(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	return u.Scheme + "://" + strings.ToLower(u.Host) + strings.TrimRight(u.EscapedPath(), "/")
}
