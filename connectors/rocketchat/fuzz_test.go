package rocketchat

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

// seed adds the bodies of the endpoint's test data, and some that are wrong.
func seed(f *testing.F, endpoint string) {
	f.Helper()
	files, err := filepath.Glob("testdata/" + endpoint + "_*.json")
	if err != nil || len(files) == 0 {
		f.Fatalf("no test data: %v", err)
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add(body[:len(body)/2])
	}
	for _, body := range []string{`null`, `{}`, `[]`, `{"success":true}`, `{"users":[{"_id":"a"},{"_id":"a","roles":["b"]}],"success":true}`} {
		f.Add([]byte(body))
	}
}

func FuzzUsersList(f *testing.F) {
	seed(f, "users-list")
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := accountsOf(body)
		if err != nil {
			if _, ok := errors.AsType[*connectors.Error](err); !ok {
				t.Fatalf("got a %T", err)
			}
			return
		}
		checkIDs(t, got.Records)
		known := false
		for i, a := range got.Records {
			if odd := got.Anomalies != nil; !odd && (i > 0 && known != (a.Emails != nil) || (a.Emails == nil) != (a.Roles == nil)) {
				t.Fatalf("addresses %v, roles %v: known for one and not for another", a.Emails, a.Roles)
			}
			known = a.Emails != nil
			if a.Access == connectors.AccessNone {
				t.Fatal("no access: that is not for a source to say")
			}
		}
	})
}

func FuzzRolesList(f *testing.F) {
	seed(f, "roles-list")
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := rolesOf(body)
		if err != nil {
			return
		}
		checkIDs(t, got.Records)
		for _, r := range got.Records {
			if r.Name == "" {
				t.Fatalf("role %q has no name", r.ID)
			}
		}
	})
}

// FuzzPages gives any body to everything that reads pages or presence, over and over: it must end, with unique IDs.
func FuzzPages(f *testing.F) {
	seed(f, "users-list")
	seed(f, "users-presence")
	for _, body := range []string{
		`{"teams":[{"_id":"t","name":"T"}],"members":[{"user":{"_id":"u"}},{}],"total":1,"count":1,"offset":0,"success":true}`,
		`{"teams":[{"_id":"t"},{"_id":"s"}],"members":[{"user":{"_id":"u"}},{"user":{"_id":"v"}}],"total":400,"success":true}`,
		`{"success":false,"error":"no [error-forbidden]"}`,
	} {
		f.Add([]byte(body))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		calls := 0
		transport := inProcess{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls++; calls > 2000 {
				t.Fatal("it does not end")
			}
			_, _ = w.Write(body) // a recorder takes everything
		})}
		cfg := config("https://acme.example/chat")
		source, err := open(cfg, transport)
		if err != nil {
			t.Fatal(err)
		}
		if strings.Contains(string(body), "too-many") {
			return // it would wait
		}
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		accounts, err := source.Accounts.List(ctx, nil)
		if err != nil && accounts.Complete {
			t.Fatal("complete with an error")
		}
		checkIDs(t, accounts.Records)
		teams, err := source.Teams.List(ctx, nil)
		if err != nil && teams.Complete {
			t.Fatal("complete with an error")
		}
		checkIDs(t, teams.Records)
		for _, team := range teams.Records {
			for i, m := range team.Members {
				if m == "" || (i > 0 && m == team.Members[i-1]) {
					t.Fatalf("members %q", team.Members)
				}
			}
		}
		of, err := source.Presence.Presence(ctx, []string{"a", "b"})
		for id := range of {
			if id != "a" && id != "b" {
				t.Fatalf("asked for a and b, got %q (error: %v)", id, err)
			}
		}
		if _, err := source.Prober.Probe(ctx); err != nil {
			return
		}
	})
}

// FuzzJudge looks for words of the source that come out at our end.
func FuzzJudge(f *testing.F) {
	f.Add(400, []byte(`{"success":false,"error":"canary [error-forbidden]","errorType":"canary"}`))
	f.Add(429, []byte(`{"error":"wait 99999999999999999999 seconds"}`))
	f.Add(200, []byte(`{"status":"error","message":{"canary":1}}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := judge(&rest.Response{Status: status, Body: body, Header: http.Header{}})
		if e == nil {
			if status < 200 || status > 299 {
				t.Fatalf("%d taken for a success", status)
			}
			return
		}
		if _, known := meanings[e.Code]; e.Code != "" && !known {
			t.Fatalf("code %q", e.Code)
		}
		if e.RetryAfter < 0 || e.RetryAfter > maxWait {
			t.Fatalf("wait %v", e.RetryAfter)
		}
	})
}

func checkIDs[T connectors.Record](t *testing.T, records []T) {
	t.Helper()
	seen := make(map[string]bool)
	for _, r := range records {
		if r.Key() == "" || seen[r.Key()] {
			t.Fatalf("the ID %q is empty or comes twice", r.Key())
		}
		seen[r.Key()] = true
	}
}
