package rocketchat

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/connectors/rocketchat/fake"
)

const (
	base   = "/base"
	reader = "readerOfTheRoster"
	token  = "token-of-the-reader"
)

// everything is a credential that sees all and is not limited.
func everything() fake.Credential {
	return fake.Credential{UserID: reader, Token: token, Permissions: []fake.Permission{
		fake.ViewDirect, fake.ViewOutsideRoom, fake.ViewFullOtherUser, fake.ViewAllTeams, fake.BypassRateLimit,
	}}
}

// ordinary is a credential of someone without special rights.
func ordinary() fake.Credential {
	return fake.Credential{UserID: reader, Token: token, Permissions: []fake.Permission{fake.ViewDirect}}
}

func config(url string) connectors.Config {
	return connectors.Config{Name: "chat", Kind: Name, URL: url, Settings: &Settings{UserID: reader, AuthToken: token},
		RateLimit: &connectors.RateLimit{}, Timeout: 10 * time.Second}
}

// serve opens the connector over a server under a sub-path. The faults stand before the fake.
func serve(t *testing.T, chat *fake.Server) (*connectors.Source, *faults.Handler) {
	t.Helper()
	h := &faults.Handler{Next: chat}
	mux := http.NewServeMux()
	mux.Handle(base+"/", http.StripPrefix(base, h))
	server := httptest.NewServer(mux)
	t.Cleanup(func() {
		h.Clear()
		server.Close()
	})
	source, err := Open(config(server.URL + base))
	if err != nil {
		t.Fatal(err)
	}
	return source, h
}

// inProcess carries requests to a handler without a network, for bubbles of fake time.
type inProcess struct{ http.Handler }

func (p inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	rec := httptest.NewRecorder()
	r.RemoteAddr = "192.0.2.1:1234"
	p.ServeHTTP(rec, r)
	return rec.Result(), nil
}

func id(i int) string { return fmt.Sprintf("u%05d", i) }

// people makes n users u00000, u00001, … with an address and a role each.
func people(n int) []fake.User {
	users := make([]fake.User, n)
	for i := range users {
		users[i] = person(i)
	}
	return users
}

func person(i int) fake.User {
	verified := true
	return fake.User{ID: id(i), Username: fmt.Sprintf("user.%d", i), Name: fmt.Sprintf("User %d", i), Roles: []string{"user"},
		Emails: []fake.Email{{Address: fmt.Sprintf("u%d@acme.example", i), Verified: &verified}}}
}

func ids[T connectors.Record](records []T) []string {
	list := make([]string, len(records))
	for i, r := range records {
		list[i] = r.Key()
	}
	return list
}

func wantKind(t *testing.T, err error, kind connectors.ErrorKind) {
	t.Helper()
	if !connectors.IsKind(err, kind) {
		t.Errorf("got the error %v, want one that says %s", err, kind)
	}
}
