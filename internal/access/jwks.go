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
	// keysRenewAfter is when the issuer's keys are asked for anew in the background, and keysFreshFor how long they are believed without that: they
	// have to be read again first, since a key may have been withdrawn. Where tokens come all the time, nobody waits for it.
	keysRenewAfter = 10 * time.Minute
	keysFreshFor   = 15 * time.Minute
	// keysLastFor is how long those known go on working while the issuer cannot be asked. It makes no tokens then either, so that what is lost by it
	// is little; and who keeps the issuer from being asked does not keep a withdrawn key alive for longer.
	keysLastFor = 24 * time.Hour
	// keysAwayFor is for how long after a reading has failed nobody waits for the next.
	keysAwayFor = time.Minute
	// keysInterval is the least time between two askings: a token's key ID is the caller's word, and anybody can make one up.
	keysInterval = 10 * time.Second
	// keysWithin bounds one asking.
	keysWithin = 5 * time.Second
	// maxKeysBody bounds what an issuer may answer; a hundred keys with their certificates are smaller.
	maxKeysBody = 512 << 10
	maxKeys     = 100
)

// keySet is an issuer's public keys. It reads them when one is asked for that it lacks, and anew when they get old; never twice at once, and never twice
// in keysInterval.
type keySet struct {
	issuer, url string
	client      *http.Client
	log         *slog.Logger
	ctx         context.Context //nolint:containedctx // it ends what runs in the background
	stop        context.CancelFunc
	running     sync.WaitGroup

	mu    sync.Mutex
	keys  []jose.JSONWebKey
	read  time.Time     // of the keys; zero where there have never been any
	tried time.Time     // when reading was last begun
	under chan struct{} // closed when the reading under way ends; nil where there is none
	down  bool          // the last reading failed, which has been logged
}

func newKeySet(issuer, address string, transport http.RoundTripper, log *slog.Logger) *keySet {
	if transport == nil {
		transport = http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library's own
	}
	s := &keySet{issuer: issuer, url: address, log: log, client: &http.Client{
		Transport: transport,
		// Where the keys are is configured, or said by the issuer itself. Whoever can make it answer with another place must not choose the keys.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	s.ctx, s.stop = context.WithCancel(context.Background())
	return s
}

// adopt takes over what another knows, if it is of the same keys.
func (s *keySet) adopt(o *keySet) {
	if s.issuer != o.issuer || s.url != o.url {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	s.keys, s.read, s.tried, s.down = o.keys, o.read, o.tried, o.down
}

// close ends what runs in the background, and waits for it. None begins after it: look begins one under the lock, and not where ctx has ended.
func (s *keySet) close() {
	s.mu.Lock()
	s.stop()
	s.mu.Unlock()
	s.running.Wait()
	s.client.CloseIdleConnections()
}

// find gives the keys that may have signed a token: that of the ID, or all of them where the token names none. No key is no error; the error says
// that nothing is known of the issuer's keys, or nothing that is new enough.
func (s *keySet) find(ctx context.Context, id string) ([]jose.JSONWebKey, error) {
	found, under, err := s.look(id)
	if under == nil {
		return found, err
	}
	select {
	case <-under:
	case <-ctx.Done():
		return nil, errors.New("the issuer's keys were still being read")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known(id, time.Now())
}

// look gives what is known of the ID, begins a reading where one is due, and gives its end where it has to be waited for.
func (s *keySet) look(id string) (found []jose.JSONWebKey, under chan struct{}, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	found, err = s.known(id, now)
	age := now.Sub(s.read)
	away := s.down && now.Sub(s.tried) < keysAwayFor
	wait := len(found) == 0 || age >= keysFreshFor && !away
	if (wait || age >= keysRenewAfter) && s.under == nil && now.Sub(s.tried) >= keysInterval && s.ctx.Err() == nil {
		s.tried, s.under = now, make(chan struct{})
		done := s.under
		s.running.Go(func() { s.refresh(done) })
	}
	if wait {
		under = s.under
	}
	return found, under, err
}

// known gives what is known of the ID, if it can still be believed.
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
	s.under = nil
	switch {
	case err == nil:
		s.keys, s.read = keys, time.Now()
		if s.down {
			s.log.InfoContext(ctx, "the token issuer's keys can be read again")
		}
		s.down = false
	case s.ctx.Err() == nil && !s.down:
		s.down = true
		s.log.WarnContext(ctx, "the token issuer's keys could not be read; those known stay good for a day after they were", slog.String("why", err.Error()))
	}
}

// fetch reads the keys. The errors are in our words: what an issuer's server says may hold anything.
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

// usable gives the public keys that are for signatures. One that cannot be read, since it is of a new sort, does not cost the others.
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

// Confidential says whether what comes from an address can be believed to be from there: by https, or from this machine.
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
