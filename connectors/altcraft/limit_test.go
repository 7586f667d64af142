package altcraft

import (
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/altcraft/fake"
)

// direct hands requests to a handler without a network, so that time may be the bubble's.
type direct struct{ http.Handler }

func (d direct) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	d.ServeHTTP(rec, r)
	return rec.Result(), nil
}

// openOn gives a source with the default limit over a fake with three users.
func openOn(t *testing.T, k fake.Options) (*connectors.Source, *fake.Server) {
	t.Helper()
	f := fake.New(fake.Data{
		Tokens:   []string{"t"},
		Accounts: []fake.Account{{ID: 9, Users: []fake.User{{Username: "a"}, {Username: "b"}, {Username: "c"}}}},
	}, k)
	source, err := open(connectors.Config{Name: "altcraft", URL: "https://altcraft.example.com", Settings: &Settings{Token: "t", AccountID: 9}}, direct{f})
	if err != nil {
		t.Fatal(err)
	}
	return source, f
}

func TestTooManyCallsAreRepeatedAfterAPause(t *testing.T) {
	t.Parallel()
	for name, k := range map[string]fake.Options{
		"HTTP 429":             {Error: 429, ErrorStatus: 429},
		"402 within HTTP 200":  {Error: 402},
		"429 within HTTP 200":  {Error: 429},
		"HTTP 402 and no code": {Error: 999, ErrorStatus: 402},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				source, f := openOn(t, k)
				f.Configure(func(k *fake.Options) {
					k.OnRequest = func(_ string, n int) {
						if n == 2 {
							f.Configure(func(k *fake.Options) { k.Error = 0 })
						}
					}
				})
				begun := time.Now()
				got, err := source.Accounts.List(t.Context(), nil)
				if err != nil || len(got.Records) != 3 {
					t.Fatalf("%d records, %v", len(got.Records), err)
				}
				if waited := time.Since(begun); waited != time.Minute {
					t.Errorf("the second call came after %s, want a minute", waited)
				}
			})
		})
	}
}

func TestTheDefaultLimitIsFiveCallsASecond(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source, _ := openOn(t, fake.Options{Rate: 5})
		begun := time.Now()
		for range 11 {
			if _, err := source.Accounts.List(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(begun); took != 2*time.Second {
			t.Errorf("11 calls took %s, want 2s", took)
		}
	})
}
