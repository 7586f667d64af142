package worksection

import (
	"net/http"
	"net/http/httptest"
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
		Name: "ws", Kind: connectors.Worksection, URL: "https://lumen.worksection.com", APIKey: testKey, RateLimit: limit,
	}, direct{vendor})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

func TestDefaultLimitIsNeverRefused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, fake.Knobs{})
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
	for name, knobs := range map[string]fake.Knobs{"an error within HTTP 200": {}, "HTTP 429": {Throttle429: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, knobs)
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

// Whoever asks whose their token is waits for five seconds at most, and one that was given up makes room for the next.
func TestSelfHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, err := open(connectors.Config{Name: "ws", Kind: connectors.Worksection, URL: "https://lumen.worksection.com", APIKey: testKey}, hanging{})
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
		}
	})
}

// A header with the time is made anew for each attempt: an old one is refused.
func TestStampIsFresh(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		vendor := fake.New(fake.Data{APIKey: testKey.Reveal()}, fake.Knobs{Skew: time.Second})
		source, err := open(connectors.Config{
			Name: "ws", Kind: connectors.Worksection, URL: "https://lumen.worksection.com", APIKey: testKey, Signing: "hmac",
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
		vendor := fake.New(fake.Data{Application: &fake.Application{ClientID: "a", Secret: "b"}, Grants: []fake.Grant{{Value: "first"}}}, fake.Knobs{})
		keeper := credential.New(credential.Options{Store: &credential.Memory{}})
		defer keeper.Close()
		source, err := open(connectors.Config{
			Name: "ws", Kind: connectors.Worksection, URL: "https://lumen.worksection.com", Runtime: connectors.Runtime{Tokens: keeper},
			OAuth: &connectors.OAuth{ClientID: "a", ClientSecret: "b", RefreshToken: "first"},
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
