package persisted_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/persisted"
)

const (
	one   = "query One { a }"
	two   = "query Two { b }"
	other = "query Other { c }"
)

func hashOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

func manifest(t *testing.T, text string) *persisted.Manifest {
	t.Helper()
	m, err := persisted.Parse([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestParse(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		text string
		n    int
		says string
	}{
		"Apollo's": {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"x","name":"One","type":"query","body":"query One { a }"},` +
			`{"id":"y","name":"Two","type":"query","body":"query Two { b }"}]}`, 2, ""},
		"plain":             {`{"x":"query One { a }"}`, 1, ""},
		"another version":   {`{"format":"apollo-persisted-query-manifest","version":2,"operations":[]}`, 0, "another version"},
		"no JSON":           {`secret`, 0, "JSON object"},
		"a list":            {`["query One { a }"]`, 0, "JSON object"},
		"another format":    {`{"format":"secret","version":1,"operations":[]}`, 0, "JSON object"},
		"nothing":           {`{}`, 0, "no document"},
		"without an ID":     {`{"":"query One { a }"}`, 0, "without an ID"},
		"without a body":    {`{"x":""}`, 0, "without a document"},
		"one ID, two texts": {`{"format":"apollo-persisted-query-manifest","version":1,"operations":[{"id":"x","body":"{a}"},{"id":"x","body":"{b}"}]}`, 0, "two documents"},
	} {
		m, err := persisted.Parse([]byte(tc.text))
		switch {
		case tc.says == "" && (err != nil || m.Len() != tc.n):
			t.Errorf("%s: %v, want %d documents", name, err, tc.n)
		case tc.says != "" && (err == nil || !strings.Contains(err.Error(), tc.says) || strings.Contains(err.Error(), "secret")):
			t.Errorf("%s: %v, want an error that says %q", name, err, tc.says)
		}
	}
	path := filepath.Join(t.TempDir(), "manifest.json")
	if _, err := persisted.Load(path); err == nil {
		t.Error("a manifest that is not there is loaded")
	}
	if err := os.WriteFile(path, []byte(`{"x":"{ a }"}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if m, err := persisted.Load(path); err != nil || m.Len() != 1 {
		t.Errorf("%v", err)
	}
}

func TestResolve(t *testing.T) {
	t.Parallel()
	registered := manifest(t, fmt.Sprintf(`{"%s":%q,"by-name":%q}`, hashOf(one), one, two))
	var log bytes.Buffer
	modes := map[string]*persisted.Documents{
		"nothing set up": nil,
		"recent only":    persisted.New(persisted.Options{Recent: persisted.NewRecent(nil)}),
		"warn":           persisted.New(persisted.Options{Manifest: registered, Recent: persisted.NewRecent(nil), Logger: slog.New(slog.NewTextHandler(&log, nil))}),
		"enforce":        persisted.New(persisted.Options{Manifest: registered, Enforce: true, Recent: persisted.NewRecent(nil)}),
	}
	modes["recent only"].Register(t.Context(), other, hashOf(other))
	modes["warn"].Register(t.Context(), other, hashOf(other))
	modes["enforce"].Register(t.Context(), other, hashOf(other))
	type want map[string]persisted.Outcome // by mode; the default is Found
	for name, tc := range map[string]struct {
		text, hash, gives string
		want              want
	}{
		"a text":                     {one, "", one, want{}},
		"another text":               {other, "", other, want{"enforce": persisted.Untrusted}},
		"nearly the same":            {one + " ", "", one + " ", want{"enforce": persisted.Untrusted}},
		"a registered hash":          {"", hashOf(one), one, want{"nothing set up": persisted.Unsupported, "recent only": persisted.Unknown}},
		"a registered name":          {"", "by-name", two, want{"nothing set up": persisted.Unsupported, "recent only": persisted.Unknown}},
		"a name with its text":       {two, "by-name", two, want{"recent only": persisted.Mismatch}},
		"a hash that was sent":       {"", hashOf(other), other, want{"nothing set up": persisted.Unsupported, "enforce": persisted.Untrusted}},
		"in capital letters":         {"", strings.ToUpper(hashOf(other)), other, want{"nothing set up": persisted.Unsupported, "enforce": persisted.Untrusted}},
		"a hash that nobody knows":   {"", hashOf("x"), "", want{"nothing set up": persisted.Unsupported, "recent only": persisted.Unknown, "warn": persisted.Unknown, "enforce": persisted.Untrusted}},
		"a text with its hash":       {other, hashOf(other), other, want{"enforce": persisted.Untrusted}},
		"a text with another's hash": {other, hashOf(one), other, want{"recent only": persisted.Mismatch, "warn": persisted.Mismatch, "enforce": persisted.Untrusted}},
		"a registered one's":         {one, hashOf(other), one, want{"recent only": persisted.Mismatch, "warn": persisted.Mismatch, "enforce": persisted.Mismatch}},
		"a registered one's own":     {two, strings.ToUpper(hashOf(two)), two, want{}},
		"another's name":             {one, "by-name", one, want{"recent only": persisted.Mismatch, "warn": persisted.Mismatch, "enforce": persisted.Mismatch}},
		"neither":                    {"", "", "", want{"enforce": persisted.Untrusted}},
	} {
		for mode, d := range modes {
			text, outcome := d.Resolve(t.Context(), tc.text, tc.hash)
			if outcome != tc.want[mode] || outcome == persisted.Found && text != tc.gives {
				t.Errorf("%s, %s: %q, outcome %d; want %d", name, mode, text, outcome, tc.want[mode])
			}
		}
	}
	if n := strings.Count(log.String(), hashOf(other)); n != 1 || strings.Contains(log.String(), hashOf(one)) || strings.Contains(log.String(), "query") {
		t.Errorf("the log tells %d times of one document, or of others, or its text:\n%s", n, log.String())
	}
}

// textStore is a store in memory that replicas share.
type textStore struct {
	texts map[string]string
	asked int
	away  bool
}

func (s *textStore) Text(_ context.Context, name string) (string, error) {
	s.asked++
	if s.away {
		return "", errors.New("away")
	}
	return s.texts[name], nil
}

func (s *textStore) KeepText(_ context.Context, name, text string) error {
	s.texts[name] = text
	return nil
}

func TestRecent(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		common := &textStore{texts: make(map[string]string)}
		here, there := persisted.NewRecent(common), persisted.NewRecent(common)
		here.Put(t.Context(), hashOf(one), one)
		for range 3 {
			if text, ok := there.Get(t.Context(), hashOf(one)); !ok || text != one {
				t.Errorf("another replica finds %q, %v", text, ok)
			}
		}
		if common.asked != 1 {
			t.Errorf("the shelf was asked %d times, want once", common.asked)
		}
		common.texts[hashOf(two)] = other
		if text, ok := there.Get(t.Context(), hashOf(two)); ok {
			t.Errorf("a text of another hash is believed: %q", text)
		}
		common.away = true
		if _, ok := there.Get(t.Context(), hashOf(one)); !ok {
			t.Error("with the shelf away, what is known here is not found")
		}
		here.Put(t.Context(), hashOf("x"), strings.Repeat("x", 16<<10+1))
		if _, ok := here.Get(t.Context(), hashOf("x")); ok {
			t.Error("a text that is too long is kept")
		}
		for i := range 3000 {
			here.Put(t.Context(), hashOf(fmt.Sprint(i)), fmt.Sprint(i))
		}
		kept := 0
		for i := range 3000 {
			if _, ok := here.Get(t.Context(), hashOf(fmt.Sprint(i))); ok {
				kept++
			}
		}
		if kept != 1000 {
			t.Errorf("%d texts are kept, want 1000", kept)
		}
		time.Sleep(25 * time.Hour)
		if _, ok := there.Get(t.Context(), hashOf(one)); ok {
			t.Error("a text is kept for longer than a day")
		}
	})
}
