package access

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/go-jose/go-jose/v4"
)

const (
	// keysRenewAfter is the age at which the issuer's keys are fetched again in the background. KeysFreshFor is the age up to which they are believed
	// without a fetch: older keys have to be fetched first, since a key may have been withdrawn. If tokens arrive all the time, no caller waits for a
	// fetch.
	keysRenewAfter = 10 * time.Minute
	keysFreshFor   = 15 * time.Minute
	// keysLastFor is how long the known keys stay valid while the issuer cannot be reached. The issuer makes no new tokens in that time either, so
	// little is lost. The limit also stops an attacker who blocks the issuer from keeping a withdrawn key valid for longer.
	keysLastFor = 24 * time.Hour
	// keysFailedFor is how long after a failed fetch no caller waits for the next one.
	keysFailedFor = time.Minute
	// keysInterval is the least time between two fetches: a token's key ID comes from the caller, who can invent one.
	keysInterval = 10 * time.Second
	// keysWithin limits the time of one fetch.
	keysWithin = 5 * time.Second
	// maxKeysBody limits the size of an issuer's answer; a hundred keys with their certificates are smaller.
	maxKeysBody = 512 << 10
	maxKeys     = 100
)

// keySet holds an issuer's public keys. It fetches them when a key is requested that it lacks, and again when they get old. At most one fetch runs at
// a time, and at most one starts in keysInterval.
type keySet struct {
	issuer, url string
	client      *http.Client
	log         *slog.Logger
	ctx         context.Context //nolint:containedctx // it ends the background work
	stop        context.CancelFunc
	running     sync.WaitGroup

	mu       sync.Mutex
	keys     []jose.JSONWebKey
	read     time.Time     // when the keys were fetched; zero if they never were
	tried    time.Time     // when the last fetch began
	inFlight chan struct{} // closed when the running fetch ends; nil if none runs
	failing  bool          // the last fetch failed, which has been logged
}

func newKeySet(issuer, address string, transport http.RoundTripper, log *slog.Logger) *keySet {
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library's own
	}
	s := &keySet{issuer: issuer, url: address, log: log, client: &http.Client{
		Transport: transport,
		// The address of the keys is configured or comes from the issuer. An attacker who can redirect the request must not choose the keys.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// adopt copies the state of another key set if it is for the same keys.
func (s *keySet) adopt(o *keySet) {
	if s.issuer != o.issuer || s.url != o.url {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	s.keys, s.read, s.tried, s.failing = o.keys, o.read, o.tried, o.failing
}

// close ends the background work, and waits for it. No fetch begins afterwards: lookup begins fetches under the lock, and only while ctx has not
// ended.
func (s *keySet) close() {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.running.Wait()
	s.client.CloseIdleConnections()
}

// find returns the keys that may have signed a token: the key with that ID, or all keys if the token has no key ID. No key is no error. An error means
// that the issuer's keys are unknown or too old.
func (s *keySet) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	found, pending, err := s.lookup(id)
	if pending == nil {
		return found, err
	}
	select {
	case <-pending:
	case <-ctx.Done():
		return nil, errors.New("the issuer's keys were still being read")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known(id, time.Now())
}

// lookup returns the known keys for an ID, and begins a fetch if one is due. Pending is closed when that fetch ends; it is nil if the caller need not
// wait.
func (s *keySet) lookup(id string) (found []jose.JSONWebKey, pending chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	found, err = s.known(id, now)
	age := now.Sub(s.read)
	failedLately := s.failing && now.Sub(s.tried) < keysFailedFor
	wait := len(found) == 0 || age >= keysFreshFor && !failedLately
	if (wait || age >= keysRenewAfter) && s.inFlight == nil && now.Sub(s.tried) >= keysInterval && s.ctx.Err() == nil {
		s.tried, s.inFlight = now, make(chan struct{})
		done := s.inFlight
		s.running.Go(func() { s.refresh(done) })
	}
	if wait {
		pending = s.inFlight
	}
	return found, pending, err
}

// known returns the known keys for an ID, if they are not too old.
func (s *keySet) known(id string, now time.Time) ([]jose.JSONWebKey, error) {
	switch {
	case s.read.IsZero():
		return nil, errors.New("the issuer's keys have never been read")
	case now.Sub(s.read) >= keysLastFor:
		return nil, errors.New("the issuer's keys have not been read for a day")
	}
	return s.matching(id), nil
}

func (s *keySet) matching(id string) []jose.JSONWebKey {
	if id == "" {
		return s.keys
	}
	var found []jose.JSONWebKey
	for _, k := range s.keys {
		if k.KeyID == id {
			found = append(found, k)
		}
	}
	return found
}

func (s *keySet) refresh(done chan struct{}) {
	ctx, cancel := context.WithTimeout(s.ctx, keysWithin)
	defer cancel()
	keys, err := s.fetch(ctx)
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(done)
	s.inFlight = nil
	switch {
	case err == nil:
		s.keys, s.read = keys, time.Now()
		if s.failing {
			s.log.InfoContext(ctx, "the token issuer's keys can be fetched again")
		}
		s.failing = false
	case s.ctx.Err() == nil && !s.failing:
		s.failing = true
		s.log.WarnContext(ctx, "the token issuer's keys could not be fetched; the known ones are used for up to a day after they were fetched", slog.String("why", err.Error()))
	}
}

// fetch fetches the keys. The errors have only Roster's own words, because the text of an issuer's server may contain anything.
func (s *keySet) fetch(ctx context.Context) ([]jose.JSONWebKey, error) {
	address := s.url
	if address == "" {
		var discovered struct {
			Issuer  string `json:"issuer"`
			JWKSURI string `json:"jwks_uri"`
		}
		if err := s.get(ctx, strings.TrimRight(s.issuer, "/")+"/.well-known/openid-configuration", &discovered); err != nil {
			return nil, fmt.Errorf("its configuration: %w", err)
		}
		if discovered.Issuer != s.issuer {
			return nil, errors.New("its configuration names another issuer; check access.oidc.issuer, to the last slash")
		}
		if !Confidential(discovered.JWKSURI) {
			return nil, errors.New("its configuration has its keys somewhere that is not https")
		}
		address = discovered.JWKSURI
	}
	var set struct {
		Keys []json.RawMessage `json:"keys"`
	}
	if err := s.get(ctx, address, &set); err != nil {
		return nil, fmt.Errorf("its keys: %w", err)
	}
	keys := usable(set.Keys)
	if len(keys) == 0 {
		return nil, errors.New("its keys: there is none that signs")
	}
	return keys, nil
}

// usable returns the public keys for signatures. A key that cannot be parsed, because its type is new, is skipped.
func usable(raw []json.RawMessage) []jose.JSONWebKey {
	var keys []jose.JSONWebKey
	for _, text := range raw[:min(len(raw), maxKeys)] {
		var k jose.JSONWebKey
		if k.UnmarshalJSON(text) == nil && k.Valid() && k.IsPublic() && (k.Use == "" || k.Use == "sig") {
			keys = append(keys, k)
		}
	}
	return keys
}

func (s *keySet) get(ctx context.Context, address string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return errors.New("the address is none")
	}
	req.Header.Set("Accept", "application/json")
	resp, err := s.client.Do(req)
	if err != nil {
		return errors.New("no connection, or no answer in time")
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d; redirects are not followed", resp.StatusCode)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxKeysBody+1))
	switch {
	case err != nil:
		return errors.New("the answer broke off")
	case len(body) > maxKeysBody:
		return fmt.Errorf("the answer is larger than %d bytes", maxKeysBody)
	case json.Unmarshal(body, into) != nil:
		return errors.New("the answer is not JSON as expected")
	}
	return nil
}

// Confidential reports whether data from an address can be trusted to come from there: by HTTPS, or from this machine.
func Confidential(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || u.User != nil {
		return false
	}
	if u.Scheme == "https" {
		return true
	}
	ip := net.ParseIP(u.Hostname())
	return u.Scheme == "http" && (u.Hostname() == "localhost" || ip != nil && ip.IsLoopback())
}
