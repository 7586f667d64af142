package altcraft

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

const (
	// opUsersList names the call in errors. The API has no names of its own beyond its paths.
	opUsersList = "admin/accounts/users/list"
	// pathUsersList has no trailing slash: the vendor documents some calls with one and this one without, and a server that redirects
	// between the two would turn the POST into a GET.
	pathUsersList = "api/v1.1/" + opUsersList
)

// client reads one account.
type client struct {
	rest      *rest.Client
	form      *form
	token     connectors.Secret
	accountID int64
	region    string
	keep      decode.Keep
}

var (
	_ connectors.Lister[connectors.Account] = (*client)(nil)
	_ connectors.Prober                     = (*client)(nil)
)

// Open returns the source for one account. It needs Config.URL (the installation's host, with a path if the API lies below one)
// and Settings; all faults are reported together.
func Open(cfg connectors.Config) (*connectors.Source, error) {
	return open(cfg, nil)
}

// open is Open with a way to the installation that tests choose.
func open(cfg connectors.Config, transport http.RoundTripper) (*connectors.Source, error) {
	address, settings := strings.TrimRight(cfg.URL, "/"), connectors.SettingsOf[Settings](cfg)
	limit := defaultLimit
	if cfg.RateLimit != nil {
		limit = *cfg.RateLimit
	}
	form, formErr := formNamed(settings.Format)
	if formErr != nil {
		form = jsonForm
	}
	rc, err := rest.New(rest.Options{
		Source: cfg.Name, Kind: Name, Runtime: cfg.Runtime,
		Base: address, Judge: form.judge, Timeout: cfg.Timeout, Transport: transport,
		Counted: connectors.Fingerprint(Name, "calls", host(address)), Limit: limit, Retries: cfg.Retries, Bounds: cfg.Bounds,
	})
	if err != nil {
		err = fmt.Errorf("url: %w", err)
	}
	if address == "" {
		err = errors.New("url: required")
	}
	faults := []error{err}
	if strings.TrimSpace(settings.Token.Reveal()) == "" {
		faults = append(faults, errors.New("token: required"))
	}
	// One admin token sees every account of the installation, so the account is never guessed.
	if settings.AccountID <= 0 {
		faults = append(faults, errors.New("account_id: required, a number above 0"))
	}
	faults = append(faults, formErr)
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	c := &client{rest: rc, form: form, token: settings.Token, accountID: settings.AccountID, region: cfg.PhoneRegion, keep: decode.NewKeep(cfg, neverShown)}
	return &connectors.Source{
		Name:        cfg.Name,
		Kind:        Name,
		URL:         address,
		Fingerprint: connectors.Fingerprint(Name, address, strconv.FormatInt(settings.AccountID, 10), settings.Token.Reveal()),
		Accounts:    c,
		Prober:      c,
		Health:      rc.Health,
		Resume:      rc.Resume,
	}, nil
}

// host returns what calls are counted by: the installation's host, whatever the account and the path to it.
func host(address string) string {
	u, err := url.Parse(address)
	if err != nil {
		return address // rest refuses it
	}
	return strings.ToLower(u.Host)
}

// listUsers makes the one call: POST /api/v1.1/admin/accounts/users/list.
//
// It sends no filter. The vendor's page describes active, master and lang in words copied from a create form, and an "active": false
// that was meant as "whatever" would leave people out.
func (c *client) listUsers(ctx context.Context) (userList, error) {
	body, err := c.form.encode(usersListRequest{Token: c.token.Reveal(), Format: c.form.name, AccountID: c.accountID})
	if err != nil {
		return userList{}, &connectors.Error{Op: opUsersList, Kind: connectors.KindInvalid, Detail: "the request could not be made", Err: err}
	}
	resp, err := c.rest.Do(ctx, rest.Request{
		Op:          opUsersList,
		Method:      http.MethodPost,
		Path:        pathUsersList,
		Body:        body,
		ContentType: c.form.mediaType,
		Header:      http.Header{"Accept": {c.form.mediaType}},
	})
	if err != nil {
		return userList{}, err
	}
	return c.form.userList(resp)
}
