package conntest_test

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"roster/connectors"
	"roster/connectors/rest"
)

// The smallest connector that keeps the contract, and its fake: people in pages of two, each with a name and a state.

type wire struct {
	OK    bool         `json:"ok"`
	Total int          `json:"total"`
	Items []wirePerson `json:"items"`
}

type wirePerson struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	State string `json:"state"`
}

// faulty says which promise a connector breaks on purpose; the zero value keeps all of them.
type faulty struct {
	hidesErrors, alwaysComplete, showsCause, followsRedirects, repeatsWords, forgetsPrefix, forgetsContext, ignoresShape, sameFingerprint,
	completeProgress, repeatsIDs, hidesHealth, unlimited, anyRows, noState, anyState, keepsGone, titled bool
}

func serve(w http.ResponseWriter, r *http.Request) {
	people := []wirePerson{{"1", "Ada", "online"}, {"2", "Grace", "away"}, {"3", "Barbara", "online"}, {"4", "Hedy", "away"}, {"5", "Joan", "away"}}
	if r.Header.Get("Authorization") != "Bearer sesame-opens" {
		http.Error(w, "who are you?", http.StatusUnauthorized)
		return
	}
	if r.URL.Path != "/people" {
		http.NotFound(w, r)
		return
	}
	offset, err := strconv.Atoi(r.URL.Query().Get("offset"))
	if err != nil || offset < 0 || offset > len(people) {
		http.Error(w, "bad offset", http.StatusBadRequest)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(wire{OK: true, Total: len(people), Items: people[offset:min(offset+2, len(people))]})
}

type connector struct {
	faulty
	name   string
	client *rest.Client
}

type settings struct {
	AccessToken connectors.Secret `key:"access_token"`
}

func (f faulty) open(cfg connectors.Config) (*connectors.Source, error) {
	token := connectors.SettingsOf[settings](cfg).AccessToken
	var faults []error
	if token == "" {
		faults = append(faults, errors.New("access_token: required"))
	}
	opt := rest.Options{Source: cfg.Name, Base: cfg.URL, Timeout: cfg.Timeout, Limit: connectors.RateLimit{Calls: 5, Per: 1e9}, Judge: f.judge, Retries: cfg.Retries, Bounds: cfg.Bounds, Runtime: cfg.Runtime,
		Sign: func(r *http.Request) error {
			r.Header.Set("Authorization", "Bearer "+token.Reveal())
			return nil
		}}
	if cfg.RateLimit != nil {
		opt.Limit = *cfg.RateLimit
	}
	if f.unlimited {
		opt.Runtime = connectors.Runtime{}
	}
	if f.followsRedirects {
		opt.Transport = follower{}
	}
	client, err := rest.New(opt)
	if err != nil {
		faults = append(faults, fmt.Errorf("url: %w", err))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	c := &connector{f, cfg.Name, client}
	parts := cfg.URL + "\x00" + token.Reveal()
	if f.sameFingerprint {
		parts = cfg.URL
	}
	health := client.Health
	if f.hidesHealth {
		health = nil
	}
	sum := sha256.Sum256([]byte(parts))
	return &connectors.Source{Name: cfg.Name, Kind: cfg.Kind, URL: cfg.URL, Fingerprint: hex.EncodeToString(sum[:16]),
		Accounts: people{c}, Presence: c, Prober: c, Health: health}, nil
}

func (f faulty) judge(r *rest.Response) *connectors.Error {
	kind := rest.StatusKind(r.Status)
	if r.Status == http.StatusOK && r.IsJSON() {
		if f.ignoresShape || json.Valid(r.Body) {
			return nil
		}
		kind = connectors.KindBadResponse
	}
	e := r.Fail(kind, "")
	e.RetryAfter = r.RetryAfter()
	if f.repeatsWords {
		e.Detail = string(r.Body)
	}
	return e
}

func (c *connector) page(ctx context.Context, op string, offset int) (wire, error) {
	if c.forgetsContext {
		ctx = context.WithoutCancel(ctx)
	}
	path := "people"
	if c.forgetsPrefix {
		path = "../../../people"
	}
	resp, err := c.client.Do(ctx, rest.Request{Op: op, Path: path, Query: "offset=" + strconv.Itoa(offset)})
	if err != nil {
		if c.showsCause {
			return wire{}, fmt.Errorf("asking for people: %w: %w", err, errors.Unwrap(err))
		}
		return wire{}, err
	}
	var w wire
	if c.ignoresShape {
		_ = json.Unmarshal(resp.Body, &w)
		return w, nil
	}
	if json.Unmarshal(resp.Body, &w) != nil {
		return wire{}, resp.Fail(connectors.KindBadResponse, "not what was expected")
	}
	if !w.OK {
		return wire{}, resp.Fail(connectors.KindBadResponse, "the answer does not say that all is well")
	}
	return w, nil
}

// people lists the accounts, and those that came after a state: the number of people then, but the last one, who is listed again.
type people struct{ *connector }

func (p people) state(w wire) connectors.State {
	if p.noState {
		return ""
	}
	return connectors.State(strconv.Itoa(w.Total - 1))
}

func (p people) Changes(ctx context.Context, state connectors.State, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	var all connectors.Collector[connectors.Account]
	from, err := strconv.Atoi(string(state))
	if err != nil && !p.anyState {
		return all.Listing(nil, false), &connectors.Error{Source: p.name, Op: "people", Kind: connectors.KindUnsupported, Unsent: true}
	}
	w, err := p.page(ctx, "people", from)
	if err != nil {
		return all.Listing(nil, false), err
	}
	for _, one := range w.Items {
		all.Add(one.account())
	}
	l := all.Listing(nil, true)
	l.State = p.state(w)
	if p.keepsGone {
		l.Records, l.Gone = append(l.Records, connectors.Account{ID: "9"}), []string{"9"}
	}
	return l, nil
}

func (p wirePerson) account() connectors.Account {
	return connectors.Account{ID: p.ID, Name: p.Name, Access: connectors.AccessMember, Active: true}
}

// titledAs gives an account a title, which its kind never has, if the connector is faulty in that way.
func (p people) titledAs(a connectors.Account) connectors.Account {
	if p.titled {
		a.Title = "Head"
	}
	return a
}

func (p people) List(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	var all connectors.Collector[connectors.Account]
	for {
		w, err := p.page(ctx, "people", all.Len())
		if err != nil {
			if p.hidesErrors {
				err = nil
			}
			return all.Listing(nil, p.alwaysComplete), err
		}
		if most := p.client.MaxRows(); all.Len()+len(w.Items) > most && !p.anyRows {
			return all.Listing(nil, false), &connectors.Error{Source: p.name, Op: "people", Kind: connectors.KindBadResponse, Detail: connectors.DetailTooManyRows(most)}
		}
		fresh := false
		for _, one := range w.Items {
			fresh = all.Add(p.titledAs(one.account())) || fresh
		}
		if all.Len() >= w.Total || !fresh {
			l := all.Listing(&w.Total, all.Len() >= w.Total)
			l.State = p.state(w)
			if p.repeatsIDs {
				l.Records = append(l.Records, l.Records[0])
			}
			return l, nil
		}
		if progress != nil {
			progress(all.Listing(&w.Total, p.completeProgress))
		}
	}
}

func (c *connector) Presence(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	of := map[string]connectors.Presence{}
	for offset, total := 0, 1; offset < total; offset += 2 {
		w, err := c.page(ctx, "people", offset)
		if err != nil {
			return nil, err
		}
		total = w.Total
		for _, p := range w.Items {
			of[p.ID] = connectors.Presence{State: map[string]connectors.PresenceState{"online": connectors.PresenceOnline}[p.State]}
		}
	}
	if ids == nil {
		return of, nil
	}
	some := map[string]connectors.Presence{}
	for _, id := range ids {
		some[id] = of[id]
	}
	return some, nil
}

func (c *connector) MaxIDs() int { return 100 }

func (c *connector) Probe(ctx context.Context) ([]connectors.Finding, error) {
	w, err := c.page(ctx, "people", 0)
	if connectors.IsKind(err, connectors.KindForbidden) {
		return []connectors.Finding{{What: "people", Note: "grant the right to see people"}}, nil
	}
	if err != nil {
		return nil, err
	}
	return []connectors.Finding{{What: cmp.Or(strconv.Itoa(w.Total), "no") + " people", OK: true}}, nil
}

// follower does what no connector may.
type follower struct{}

// followers is not the default client, whose idle connections each httptest.Server that closes closes too.
var followers = &http.Client{Transport: &http.Transport{}}

func (follower) RoundTrip(r *http.Request) (*http.Response, error) {
	return followers.Do(clone(r))
}

func clone(r *http.Request) *http.Request {
	c := r.Clone(r.Context())
	c.RequestURI = ""
	return c
}
