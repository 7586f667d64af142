package worksection_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/worksection/fake"
)

// withTokens is the company with two people's own tokens, and that of one who is gone.
func withTokens() fake.Data {
	d := company()
	d.Tokens = map[string]string{"token-of-ada": "1002", "token-of-guest": "31", "token-expired": "", "token-of-gone": "77"}
	return d
}

// The vendor's documentation has a list of one, its own client an object.
func TestSelf(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]fake.Options{"a list": {NoLimits: true}, "an object": {NoLimits: true, MeAsObject: true}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, fake.New(withTokens(), options), nil)
			got, err := s.Self.Self(t.Context(), "token-of-ada")
			if err != nil {
				t.Fatal(err)
			}
			listing, err := s.Accounts.List(t.Context(), nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, want := range listing.Records { // it is the same person as in the list
				if want.ID == "1002" {
					if diff := cmp.Diff(want, got); diff != "" {
						t.Errorf("-list +me:\n%s", diff)
					}
				}
			}
			if other, err := s.Self.Self(t.Context(), "token-of-guest"); err != nil || other.ID != "31" {
				t.Errorf("the next caller is %v, %v", other.ID, err)
			}
		})
	}
}

func TestSelfRefused(t *testing.T) {
	t.Parallel()
	vendor := fake.New(withTokens(), fake.Options{NoLimits: true})
	s := start(t, vendor, nil)
	for token, want := range map[connectors.Secret]connectors.ErrorKind{
		"token-expired": connectors.KindUnauthorized, "token-unknown": connectors.KindUnauthorized, "token-of-gone": connectors.KindBadResponse,
	} {
		_, err := s.Self.Self(t.Context(), token)
		e, ok := errors.AsType[*connectors.Error](err)
		if !ok || e.Kind != want || e.Op != "me" || e.Source != "ws" {
			t.Errorf("%s: got %v, want %v", token.Reveal(), err, want)
			continue
		}
		if strings.Contains(err.Error(), "token-") || strings.Contains(err.Error(), "api_key") {
			t.Errorf("the error tells too much, or blames the operator's key: %v", err)
		}
	}
	if ids(t, s.Accounts) == nil {
		t.Error("a caller's bad token has stopped the readings")
	}
}

func TestSelfOddReplies(t *testing.T) {
	t.Parallel()
	for name, body := range map[string]string{
		"nobody": `{"status":"ok"}`, "null": `{"status":"ok","data":null}`, "an empty list": `{"status":"ok","data":[]}`,
		"two people": `{"status":"ok","data":[{"id":"1"},{"id":"2"}]}`, "a text": `{"status":"ok","data":"x"}`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(body)) }), nil)
			_, err := s.Self.Self(t.Context(), "t")
			if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.KindBadResponse {
				t.Errorf("got %v", err)
			}
		})
	}
}

// Whatever callers send for a token, and whatever stands before the vendor makes of it, the source is read as before.
func TestSelfHarmsNoReading(t *testing.T) {
	t.Parallel()
	vendor := fake.New(company(), fake.Options{NoLimits: true})
	var asked atomic.Int32
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/api/oauth2") {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader([]int{http.StatusOK, http.StatusForbidden, http.StatusNotFound, http.StatusBadRequest}[asked.Add(1)%4])
			_, _ = w.Write([]byte("<html><body>Sign in"))
			return
		}
		vendor.ServeHTTP(w, r)
	}), nil)
	for range 12 {
		_, err := s.Self.Self(t.Context(), "good-form")
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.KindUnauthorized {
			t.Errorf("got %v", err)
		}
	}
	if n := asked.Load(); n != 12 {
		t.Errorf("the vendor was asked %d times", n)
	}
	for _, token := range []connectors.Secret{"<script>", "a b", "a\nb", connectors.Secret(strings.Repeat("x", 4097))} {
		_, err := s.Self.Self(t.Context(), token)
		if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.KindUnauthorized || asked.Load() != 12 {
			t.Errorf("a token that is none: got %v", err)
		}
	}
	ids(t, s.Accounts)
}

// Callers who ask at once do not queue up before the readings: one is asked for, the others are told to come again.
func TestSelfOneAtATime(t *testing.T) {
	t.Parallel()
	asked, answer := make(chan struct{}), make(chan struct{})
	s := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked <- struct{}{}
		<-answer
		_, _ = w.Write([]byte(`{"status":"ok","data":{"id":"1"}}`))
	}), nil)
	first := make(chan error, 1)
	go func() {
		_, err := s.Self.Self(t.Context(), "one")
		first <- err
	}()
	<-asked
	_, err := s.Self.Self(t.Context(), "two")
	if e, ok := errors.AsType[*connectors.Error](err); !ok || e.Kind != connectors.KindRateLimited || e.RetryAfter <= 0 {
		t.Errorf("the second gets %v", err)
	}
	close(answer)
	if err := <-first; err != nil {
		t.Errorf("the first gets %v", err)
	}
}
