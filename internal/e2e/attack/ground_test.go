//go:build linux

package attack_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"roster/connectors"
	"roster/internal/logtest"
	"roster/internal/sandbox"
)

// ground is the program as operators run it, on four systems that may be made to misbehave. Whoever shows no key may do everything.
type ground struct {
	*target
	vendors *vendors
	foes    []foe
	asides  string       // what the others ask
	aside   answer       // what the others are answered, from the source that no attack touches
	healthy string       // what states says while all sources are well
	asked   atomic.Int64 // how often the others have
	lost    atomic.Bool  // one of them was not answered, or they have all gone
	under   atomic.Value // the name of the attack that goes on
}

// foe is one of those who attack, at an address of their own.
type foe struct {
	*http.Client
	address string
}

// foes is how many attack at once, each as another caller.
const foes = 8

func allFoes(t *testing.T) (all []foe) {
	t.Helper()
	for i := range foes {
		address := fmt.Sprintf("127.0.0.%d", i+2)
		f := foe{from(address), address}
		t.Cleanup(f.CloseIdleConnections)
		all = append(all, f)
	}
	return all
}

// newGround starts the program, and waits until it has read everything.
func newGround(t *testing.T) *ground {
	t.Helper()
	v := newVendors(t)
	g := &ground{target: serve(t, v.settings()), vendors: v, foes: allFoes(t)}
	var ids []string
	for _, found := range teamIDs.FindAllStringSubmatch(g.post(`{ teams(first: 5, filter: {sources: ["worksection"]}) { nodes { id } } }`).body, -1) {
		ids = append(ids, found[1])
	}
	g.asides = fmt.Sprintf(asides, strings.Join(ids, " "))
	if g.aside = g.post(g.asides); g.aside.status != http.StatusOK || strings.Count(g.aside.body, `{"name"`) != 5 || strings.Contains(g.aside.body, `"errors"`) {
		t.Fatalf("before all attacks the program says %d %s", g.aside.status, g.aside.body)
	}
	g.healthy = g.post(states).body
	g.under.Store("nothing")
	return g
}

// serve starts `serve` with these settings, which JSON can write as YAML can, and waits until it is ready.
func serve(t *testing.T, settings map[string]any) *target {
	t.Helper()
	log := &logtest.Buffer{}
	p := serveWith(t, log, settings)
	p.log = log
	return p
}

// serveWith is serve with another place for the program's log.
func serveWith(t *testing.T, log io.Writer, settings map[string]any) *target {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	write(t, path, settings)
	p, said := launchWith(t, log, "serve", "--config", path)
	p.config = path
	p.await(t, said, "Every collection has been read, or tried.")
	return p
}

func write(t *testing.T, path string, settings map[string]any) {
	t.Helper()
	text, err := json.Marshal(settings)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		t.Fatal(err)
	}
}

// others is how many callers ask beside an attack, each with a key.
const others = 20

func keyOf(caller int) string { return fmt.Sprintf("roster_%043d", caller) }

// settings are those of a program that reads the systems, with a key for each of the others.
func (v *vendors) settings() map[string]any {
	var keys, sources []any
	for i := range others {
		keys = append(keys, map[string]any{
			"name": fmt.Sprintf("caller-%d", i), "hash": fmt.Sprintf("sha256:%x", sha256.Sum256([]byte(keyOf(i)))), "scopes": []string{"directory:read"},
		})
	}
	for _, c := range v.Sources() {
		sources = append(sources, v.source(c))
	}
	return map[string]any{
		"listen": "127.0.0.1:0", "drain_delay": "0s", "sources": sources,
		"access": map[string]any{"keys": keys, "anonymous": map[string]any{
			"scopes": []string{"directory:read", "directory:sensitive", "directory:write", "directory:admin"},
		}},
		"guard": map[string]any{"max_loss": "100%"}, // what an attack has a source say is served
	}
}

// source gives a source's settings, by the address at which it may be made to misbehave.
func (v *vendors) source(c connectors.Config) map[string]any {
	s := map[string]any{
		"name": c.Name, "kind": c.Kind, "url": strings.Replace(c.URL, v.Addr(), v.address, 1), "time_zone": c.TimeZone.String(), "phone_region": c.PhoneRegion,
		"rate_limit": map[string]any{"calls": 1_000_000, "per": "1ms"}, "collections": map[string]any{},
	}
	maps.Copy(s, sandbox.Credentials(c.Kind))
	for _, name := range collections[c.Kind] {
		s["collections"].(map[string]any)[name] = map[string]any{"min_interval": "1s"} //nolint:forcetypeassert // it is one
	}
	return s
}

var collections = map[connectors.KindName][]string{
	sandbox.Worksection: {"accounts", "teams", "contacts", "contact_folders"},
	sandbox.Kommo:       {"accounts", "teams", "roles", "contacts"},
	sandbox.Altcraft:    {"accounts"},
	sandbox.RocketChat:  {"accounts", "teams", "roles"},
}
