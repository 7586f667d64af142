package access_test

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/internal/access"
)

func TestKeys(t *testing.T) {
	t.Parallel()
	oldKey, oldHash := access.NewKey()
	newKey, newHash := access.NewKey()
	weakKey, weakHash := access.NewKey()
	if oldKey == newKey || !strings.HasPrefix(oldKey, access.KeyPrefix) || len(oldKey) < len(access.KeyPrefix)+43 {
		t.Fatalf("keys are %q and %q", oldKey, newKey)
	}
	read := access.Scopes{access.ScopeRead}
	both := []access.Key{{Name: "dashboard", Hash: oldHash, Scopes: read}, {Name: "dashboard-2027", Hash: newHash, Scopes: access.Scopes{access.ScopeRead, access.ScopeSensitive}},
		{Name: "weak", Hash: weakHash, Scopes: access.Scopes{access.ScopeSensitive}}}
	a := access.New(access.Options{Keys: both})
	after := access.New(access.Options{Keys: both[1:]}) // the old key has been removed
	open := access.New(access.Options{Keys: both, Anonymous: read})
	for name, tc := range map[string]struct {
		a             *access.Authenticator
		authorization string
		subject       string
		err           error
	}{
		"the old key":                 {a, "Bearer " + oldKey, "dashboard", nil},
		"the new key beside it":       {a, "Bearer " + newKey, "dashboard-2027", nil},
		"the new key alone":           {after, "Bearer " + newKey, "dashboard-2027", nil},
		"the old key once removed":    {after, "Bearer " + oldKey, "", access.ErrInvalid},
		"in another case of letters":  {a, "bEARER  " + oldKey, "dashboard", nil},
		"a key that is cut":           {a, "Bearer " + oldKey[:len(oldKey)-1], "", access.ErrInvalid},
		"a hash for a key":            {a, "Bearer " + access.KeyPrefix + strings.TrimPrefix(oldHash.String(), "sha256:"), "", access.ErrInvalid},
		"the prefix alone":            {a, "Bearer " + access.KeyPrefix, "", access.ErrInvalid},
		"a token where none is taken": {a, "Bearer a.b.c", "", access.ErrInvalid},
		"nothing":                     {a, "", "", access.ErrMissing},
		"another scheme":              {a, "Basic " + oldKey, "", access.ErrMalformed},
		"no credential":               {a, "Bearer", "", access.ErrMalformed},
		"two credentials":             {a, "Bearer " + oldKey + " " + newKey, "", access.ErrMalformed},
		"two headers in one":          {a, "Bearer " + oldKey + ",Bearer " + newKey, "", access.ErrMalformed},
		"without the scope to ask":    {a, "Bearer " + weakKey, "", access.ErrForbidden},
		"nobody, where they may":      {open, "", "", nil},
		// A caller with wrong credentials is rejected, and not treated as anonymous.
		"a wrong key where nobody may": {open, "Bearer roster_x", "", access.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := tc.a.Authenticate(t.Context(), tc.authorization)
			if !errors.Is(err, tc.err) || (err == nil) != (p != nil) {
				t.Fatalf("got %v, %v; want %v", p, err, tc.err)
			}
			if p != nil && (p.Subject != tc.subject || !p.Expires.IsZero() || p.Email != "") {
				t.Errorf("got %+v", p)
			}
			if err != nil && strings.Contains(err.Error(), "roster_") {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
}

func TestHashes(t *testing.T) {
	t.Parallel()
	key, hash := access.NewKey()
	again, err := access.ParseHash(hash.String())
	if err != nil || again != hash || access.HashKey(key) != hash {
		t.Errorf("got %v, %v", again, err)
	}
	for _, bad := range []string{"", "sha256:", strings.TrimPrefix(hash.String(), "sha256:"), hash.String() + "00", "sha256:" + strings.Repeat("g", 64), key} {
		if _, err := access.ParseHash(bad); err == nil || (bad != "" && strings.Contains(err.Error(), bad) && bad != "sha256:") {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Many rejections make one line a minute, with their number and without the credentials.
func TestRefusalsAreNoted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		a := access.New(access.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))})
		for range 100 {
			_, _ = a.Authenticate(t.Context(), "Bearer roster_canary")
		}
		_, _ = a.Authenticate(t.Context(), "") // a request without credentials is no attempt
		if n := strings.Count(log.String(), "\n"); n != 1 {
			t.Errorf("%d lines:\n%s", n, &log)
		}
		time.Sleep(time.Minute)
		_, _ = a.Authenticate(t.Context(), "Bearer roster_canary")
		if n := strings.Count(log.String(), "\n"); n != 2 || !strings.Contains(log.String(), "others_since=99") || strings.Contains(log.String(), "canary") {
			t.Errorf("%d lines:\n%s", n, &log)
		}
	})
}

func TestLog(t *testing.T) {
	t.Parallel()
	none, err := access.OpenLog(access.LogOptions{})
	if err != nil || none.Write(t.Context(), access.Entry{}) != nil || none.Close() != nil {
		t.Error("a log that is off fails")
	}
	if _, err := access.OpenLog(access.LogOptions{Path: t.TempDir()}); err == nil {
		t.Error("a directory for a file: no error")
	}
	path := filepath.Join(t.TempDir(), "access.log")
	for range 2 { // an existing file stays
		l, err := access.OpenLog(access.LogOptions{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		ctx := access.NewContext(t.Context(), &access.Principal{Method: access.ByKey, Subject: "dashboard"})
		if err := l.Write(ctx, access.Entry{Operation: "query", Fields: []string{"users"}, Items: 7, Outcome: access.Answered, Took: time.Second}); err != nil {
			t.Error(err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(text), `"subject":"dashboard"`); n != 2 {
		t.Errorf("%d entries:\n%s", n, text)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Error("others can read it", err)
	}
	var lines strings.Builder
	l, err := access.OpenLog(access.LogOptions{Path: access.LogToStderr, Program: slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelError}))})
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Write(t.Context(), access.Entry{}); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff(true, strings.Contains(lines.String(), "access.method=none")); diff != "" {
		t.Error(lines.String())
	}
}
