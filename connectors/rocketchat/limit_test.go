package rocketchat

import (
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors/rocketchat/fake"
)

// TestLimit reads 25 pages of users, and roles beside them, at a server with the default limit: ten calls a minute for each route.
func TestLimit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		who := everything()
		who.Permissions = []fake.Permission{fake.ViewDirect}
		chat := fake.New(fake.Data{Users: people(2400), Credentials: []fake.Credential{who}}, fake.Options{})
		counting := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			chat.ServeHTTP(w, r)
			if w.Header().Get("X-RateLimit-Remaining") == "" {
				t.Error("the server does not limit us, so that this shows nothing")
			}
		})
		cfg := config("https://chat.acme.example")
		cfg.RateLimit = nil
		source, err := open(cfg, inProcess{counting})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := allOf(t, source)
		if took := time.Since(start); len(got.Records) != 2400 || took < 2*time.Minute || took > 3*time.Minute {
			t.Errorf("%d users in %v; want 2400 in two minutes and some seconds", len(got.Records), took)
		}
		start = time.Now()
		if _, err := source.Roles.List(t.Context(), nil); err != nil || time.Since(start) > time.Second {
			t.Errorf("the roles had to wait %v for the users (error: %v)", time.Since(start), err)
		}
		if n := chat.Calls()["users.list"]; n != 25 {
			t.Errorf("the users took %d calls, want 25: none was refused", n)
		}
	})
}

// TestLimitSharedWithOthers has somebody else at our address use up the window: the server's word is obeyed, and the reading goes on.
func TestLimitSharedWithOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		who := ordinary()
		chat := fake.New(fake.Data{Users: people(250), Credentials: []fake.Credential{who}}, fake.Options{})
		cfg := config("https://chat.acme.example")
		other, err := open(cfg, inProcess{chat})
		if err != nil {
			t.Fatal(err)
		}
		for range 9 {
			if _, err := other.Prober.Probe(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		cfg.RateLimit = nil
		source, err := open(cfg, inProcess{chat})
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		got := allOf(t, source)
		if took := time.Since(start); len(got.Records) != 250 || took < 59*time.Second || took > 62*time.Second {
			t.Errorf("%d users in %v; want 250 after a minute", len(got.Records), took)
		}
		if n := chat.Calls()["users.list"]; n != 9+3 {
			t.Errorf("%d calls, want none refused: the server says with each reply how many are left", n)
		}
	})
}
