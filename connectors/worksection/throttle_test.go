package worksection

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/worksection/fake"
	"roster/internal/credential"
)

// direct calls a handler without a network, which a bubble of fake time has none of.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	d.ServeHTTP(w, r)
	return w.Result(), nil
}

func limited(t *testing.T, vendor *fake.Server, limit *connectors.RateLimit) *connectors.Source {
	t.Helper()
	source, err := open(connectors.Config{
		Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Settings: &Settings{APIKey: testKey}, RateLimit: limit,
	}, direct{vendor})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestDefaultLimitIsNeverRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, fake.Options{})
		source := limited(t, vendor, nil)
		begin := time.Now()
		for range 3 {
			for _, list := range []func() error{
				func() error { _, err := source.Accounts.List(t.Context(), nil); return err },
				func() error { _, err := source.Contacts.List(t.Context(), nil); return err },
			} {
				if err := list(); err != nil {
					t.Fatal(err)
				}
			}
		}
		if took, want := time.Since(begin), 5*1100*time.Millisecond; took != want {
			t.Errorf("six calls took %s, want %s", took, want)
		}
		if n := vendor.Calls()["get_users"] + vendor.Calls()["get_contacts"]; n != 6 {
			t.Errorf("%d calls were made, want 6: some were refused", n)
		}
	})
}

func TestTooManyRequestsIsWaitedOut(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{"an error within HTTP 200": {}, "HTTP 429": {Throttle429: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, options)
				source := limited(t, vendor, &connectors.RateLimit{})
				for range 2 { // the second call comes at once and is refused
					if _, err := source.Accounts.List(t.Context(), nil); err != nil {
						t.Fatal(err)
					}
				}
				if n := vendor.Calls()["get_users"]; n != 3 {
					t.Errorf("%d calls were made, want 3: one was refused once", n)
				}
			})
		})
	}
}

// hanging answers nothing until the caller gives up.
type hanging struct{}

func (hanging) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// paced notes which call came when, and refuses those that come too early for the vendor.
type paced struct {
	http.Handler
	mu    sync.Mutex
	calls []string
	last  time.Time
	early int
}

func (p *paced) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	if now := time.Now(); now.Sub(p.last) < time.Second {
		p.early++
	} else {
		p.last = now
	}
	p.calls = append(p.calls, r.URL.Query().Get("action"))
	p.mu.Unlock()
	p.Handler.ServeHTTP(w, r)
}

func (p *paced) seen() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.calls
}

// However many callers ask whose their token is, and however often, the fetches have their turns: they are held up by one call at most, and the
// vendor's limit is kept. While there is no fetch, the callers have a tenth of it.
func TestSelfLeavesFetchesTheirTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := &paced{Handler: fake.New(fake.Data{APIKey: testKey.Reveal(), Users: []fake.User{{Person: fake.Person{ID: "1"}}}, Tokens: map[string]string{"token": "1"}}, fake.Options{})}
		source, err := open(connectors.Config{Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Settings: &Settings{APIKey: testKey}}, direct{vendor})
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var viewers sync.WaitGroup
		for range 1000 {
			viewers.Go(func() {
				for ctx.Err() == nil {
					began := time.Now()
					_, err := source.Self.Self(ctx, "token")
					e, _ := errors.AsType[*connectors.Error](err)
					switch {
					case err == nil || ctx.Err() != nil:
					case e == nil || e.Kind != connectors.KindRateLimited || e.RetryAfter <= 0 || !strings.Contains(e.Detail, "ask again in "):
						t.Errorf("a caller gets %v", err)
					case e.RetryAfter < time.Minute && time.Since(began) > selfWithin:
						t.Errorf("a caller waited %s to be refused", time.Since(began))
					}
					select {
					case <-time.After(5 * time.Second):
					case <-ctx.Done():
					}
				}
			})
		}
		const fetches, pace = 30, 1100 * time.Millisecond
		time.Sleep(time.Minute)
		if n := len(vendor.seen()); n < 4 || n > 6 {
			t.Errorf("in a minute without fetches, %d callers were asked for, want one in 11 s at most", n)
		}
		for name, urgency := range map[string]*connectors.Urgency{"background": connectors.NewUrgency(), "awaited": connectors.UrgencyOf(t.Context())} {
			begin := time.Now()
			for range fetches {
				if _, err := source.Accounts.List(connectors.WithUrgency(t.Context(), urgency), nil); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(begin); took > (fetches+1)*pace {
				t.Errorf("%s: %d fetches took %s beside a thousand callers, want %s", name, fetches, took, (fetches-1)*pace)
			}
		}
		time.Sleep(time.Minute)
		cancel()
		viewers.Wait()
		if me := strings.Count(strings.Join(vendor.calls, " "), actionMe); vendor.early > 0 || me < 8 || me > 13 || len(vendor.calls) != 2*fetches+me {
			t.Errorf("of %d calls, %d came too early and %d were for callers", len(vendor.calls), vendor.early, me)
		}
	})
}

// What becomes of the calls for callers keeps no fetch back: not failures in a row, nor that the vendor asks them to wait.
func TestSelfKeepsNoFetchBack(t *testing.T) {
	t.Parallel()
	for name, status := range map[string]int{"failing": http.StatusInternalServerError, "throttled": http.StatusTooManyRequests} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				vendor := &paced{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if strings.HasPrefix(r.URL.Path, "/"+userPath) {
						w.Header().Set("Retry-After", "600")
						w.WriteHeader(status)
						return
					}
					_, _ = w.Write([]byte(`{"status":"ok","data":[]}`))
				})}
				source, err := open(connectors.Config{Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Settings: &Settings{APIKey: testKey}}, direct{vendor})
				if err != nil {
					t.Fatal(err)
				}
				for range 8 {
					if _, err := source.Self.Self(t.Context(), "token"); err == nil {
						t.Error("no error")
					}
					time.Sleep(15 * time.Second)
				}
				if n := len(vendor.seen()); name == "throttled" && n != 1 || name == "failing" && n < 6 {
					t.Errorf("%d callers were asked for", n)
				}
				begin := time.Now()
				if _, err := source.Accounts.List(t.Context(), nil); err != nil || time.Since(begin) > 0 {
					t.Errorf("a fetch waits %s and gets %v", time.Since(begin), err)
				}
			})
		})
	}
}

// Whoever asks whose their token is waits for five seconds at most, and one that was given up makes room for the next.
func TestSelfHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, err := open(connectors.Config{Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Settings: &Settings{APIKey: testKey}}, hanging{})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			begin := time.Now()
			if _, err := source.Self.Self(t.Context(), "token"); err == nil {
				t.Error("no error")
			}
			if took := time.Since(begin); took != selfWithin {
				t.Errorf("it took %s", took)
			}
			time.Sleep(12 * time.Second)
		}
	})
}

// A header with the time is made anew for each attempt: an old one is refused.
func TestStampIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, fake.Options{Skew: time.Second})
		source, err := open(connectors.Config{
			Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Settings: &Settings{APIKey: testKey, Signing: "hmac"},
			RateLimit: &connectors.RateLimit{},
		}, direct{vendor})
		if err != nil {
			t.Fatal(err)
		}
		for range 2 { // the second call comes at once, is refused, and repeated after two seconds
			if _, err := source.Accounts.List(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if n := vendor.Calls()["get_users"]; n != 3 {
			t.Errorf("%d calls were made, want 3: one was refused once", n)
		}
	})
}

// Tokens are asked for within the account's limit.
func TestTokensCountAgainstTheLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := fake.New(fake.Data{Application: &fake.Application{ClientID: "a", Secret: "b"}, Grants: []fake.Grant{{Value: "first"}}}, fake.Options{})
		keeper := credential.New(credential.Options{Store: &credential.Memory{}})
		defer keeper.Close()
		source, err := open(connectors.Config{
			Name: "ws", Kind: Name, URL: "https://lumen.worksection.com", Runtime: connectors.Runtime{Tokens: keeper},
			Settings: &Settings{OAuth: &connectors.OAuth{ClientID: "a", ClientSecret: "b", RefreshToken: "first"}},
		}, direct{vendor})
		if err != nil {
			t.Fatal(err)
		}
		begin := time.Now()
		if _, err := source.Accounts.List(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begin); took != 1100*time.Millisecond {
			t.Errorf("a token and a list took %s, want the pause between two calls", took)
		}
	})
}
