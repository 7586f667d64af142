package command

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// keep stores a snapshot of each source in a tier.
func keep(t *testing.T, store snapshot.SharedStore, sources ...string) {
	t.Helper()
	for _, name := range sources {
		item := snapshot.StoreKey{Key: snapshot.Key{Source: name, Collection: connectors.Accounts}, Fingerprint: "f"}
		now := time.Now()
		_, err := store.Put(t.Context(), snapshot.Stored{
			Item: item, Meta: snapshot.Meta{FetchedAt: now, Since: now, Version: "v", Complete: true, Count: 1}, KeepFor: time.Hour,
			Encode: func() ([][]byte, error) { return [][]byte{[]byte("part of " + name)}, nil },
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// kept returns the sources of which a tier has a snapshot.
func kept(t *testing.T, store snapshot.SharedStore, sources ...string) []string {
	t.Helper()
	var out []string
	for _, name := range sources {
		item := snapshot.StoreKey{Key: snapshot.Key{Source: name, Collection: connectors.Accounts}, Fingerprint: "f"}
		marks, err := store.Stat(t.Context(), []snapshot.StoreKey{item})
		if err != nil {
			t.Fatal(err)
		}
		if marks[0].Stamp != 0 {
			out = append(out, name)
		}
	}
	return out
}

func configured(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	text += "\nsources:\n  - {name: crm, kind: kommo, url: \"https://acme.kommo.com\", access_token: x}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// The names of some sources are parts of other names, and contain pattern characters.
var all = []string{"crm", "crm-accounts", "crm-accounts-0a", "c", "crm2"}

func TestCacheClear(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args []string
		want []string
	}{
		"one source":       {[]string{"--source", "crm"}, []string{"crm-accounts", "crm-accounts-0a", "c", "crm2"}},
		"one of its likes": {[]string{"--source", "crm-accounts"}, []string{"crm", "crm-accounts-0a", "c", "crm2"}},
		"none":             {[]string{"--source", "cr*"}, all},
		"all":              {nil, nil},
	} {
		empty := func(t *testing.T, config string) {
			t.Helper()
			var stdout, stderr strings.Builder
			err := Run(t.Context(), slices.Concat([]string{"cache", "clear", "--config", config}, tc.args), &stdout, &stderr)
			if removed := 2 * (len(all) - len(tc.want)); err != nil || !strings.HasPrefix(stdout.String(), fmt.Sprintf("Removed: %d ", removed)) {
				t.Errorf("error %v, output %q; want %d removed", err, stdout.String(), removed)
			}
			if warned := strings.Contains(stderr.String(), "has no source"); warned != (tc.args != nil && tc.args[1] != "crm") {
				t.Errorf("standard error %q; only crm is configured", stderr.String())
			}
		}
		t.Run("directory, "+name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			in := func(use func(snapshot.SharedStore)) { // for a short time, because only one process can open the tier
				d, err := localstore.Open(dir, nil)
				if err != nil {
					t.Fatal(err)
				}
				defer d.Close() //nolint:errcheck // the next open reports a failure
				use(d.Join())
			}
			in(func(d snapshot.SharedStore) { keep(t, d, all...) })
			foreign := filepath.Join(dir, "crm-accounts.txt")
			if err := os.WriteFile(foreign, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			empty(t, configured(t, "cache_dir: "+dir))
			in(func(d snapshot.SharedStore) {
				if diff := cmp.Diff(tc.want, kept(t, d, all...)); diff != "" {
					t.Errorf("kept (-want +got):\n%s", diff)
				}
			})
			if _, err := os.Stat(foreign); err != nil {
				t.Errorf("a file that is not ours: %v", err)
			}
		})
		t.Run("redis, "+name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Start(t)
			url := "redis://" + server.Addr
			r, err := redis.Open(redis.Options{URL: url})
			if err != nil {
				t.Fatal(err)
			}
			store := snapshots.New(r)
			ctx, stop := context.WithCancel(t.Context())
			over := make(chan error, 1)
			go func() { over <- r.Run(ctx) }()
			defer func() {
				stop()
				<-over
				_ = r.Close()
			}()
			redistest.Await(t, func() bool { return r.Membership().Connected }, "Redis is there")
			keep(t, store, all...)
			empty(t, configured(t, "redis: {url: \""+url+"\"}"))
			if diff := cmp.Diff(tc.want, kept(t, store, all...)); diff != "" {
				t.Errorf("kept (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCacheClearOfNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		args   []string
		misuse bool
		says   string
	}{
		"no command":      {[]string{"cache"}, true, "roster cache clear"},
		"another command": {[]string{"cache", "fill"}, true, "roster cache --help"},
		"no name":         {[]string{"cache", "clear", "--source", ""}, true, "--source is empty"},
		"nothing is kept": {[]string{"cache", "clear", "--config", configured(t, "")}, false, "neither redis nor cache_dir"},
		"no Redis there":  {[]string{"cache", "clear", "--config", configured(t, "redis: {url: \"redis://127.0.0.1:1\", password: secret}")}, false, "redis: not everything was removed"},
	} {
		var stdout, stderr strings.Builder
		err := Run(t.Context(), tc.args, &stdout, &stderr)
		if err == nil || stdout.String() != "" || !strings.Contains(stderr.String()+err.Error(), tc.says) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: error %v, output %q, errors %q; want them to say %q", name, err, stdout.String(), stderr.String(), tc.says)
		}
		if errors.Is(err, ErrUsage) != tc.misuse {
			t.Errorf("%s: misused: %v, want %v", name, !tc.misuse, tc.misuse)
		}
	}
	missing := filepath.Join(t.TempDir(), "not", "made")
	if err := Run(t.Context(), []string{"cache", "clear", "--config", configured(t, "cache_dir: "+missing)}, &strings.Builder{}, &strings.Builder{}); err != nil {
		t.Errorf("a directory that has not been made yet: %v", err)
	}
}
