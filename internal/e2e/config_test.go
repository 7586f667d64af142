package e2e_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"testing"

	"roster/connectors"
	"roster/internal/sandbox"
)

// inYAML writes a setting on one line: JSON is YAML too.
func inYAML(v any) string {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // settings are texts, numbers, lists and maps
	}
	return string(b)
}

// sourceSettings gives a source of the sandbox as an operator writes it, with the vendors' limits off.
func sourceSettings(c connectors.Config) map[string]any {
	s := map[string]any{
		"name": c.Name, "kind": string(c.Kind), "url": c.URL, "phone_region": c.PhoneRegion, "time_zone": c.TimeZone.String(),
		"rate_limit": map[string]any{"calls": 1_000_000, "per": "1ms"},
	}
	if c.Raw {
		s["raw"] = true
	}
	maps.Copy(s, sandbox.Credentials(c.Kind))
	return s
}

// collectionsOf says what each kind of source can be read for.
var collectionsOf = map[connectors.KindName][]connectors.Collection{
	sandbox.Worksection: {connectors.Accounts, connectors.Teams, connectors.Contacts, connectors.ContactFolders},
	sandbox.Kommo:       {connectors.Accounts, connectors.Teams, connectors.Roles, connectors.Contacts},
	sandbox.Altcraft:    {connectors.Accounts},
	sandbox.RocketChat:  {connectors.Accounts, connectors.Teams, connectors.Roles},
}

// reading gives a source's settings with how often each of its collections is read.
func reading(source map[string]any, freshFor, minInterval string) map[string]any {
	kind, _ := source["kind"].(string)
	collections := make(map[string]any)
	for _, c := range collectionsOf[connectors.KindName(kind)] {
		collections[c.String()] = map[string]any{"fresh_for": freshFor, "min_interval": minInterval, "keep_for": "30d"}
	}
	source["collections"] = collections
	return source
}

// settingsOf gives a configuration of the sources, on a free port, with a log that people read.
func settingsOf(sources ...map[string]any) map[string]any {
	return map[string]any{"listen": "127.0.0.1:0", "drain_delay": "0s", "log": map[string]any{"format": "text"}, "sources": sources,
		"limits": map[string]any{"requests": 0}} // a test is one caller, and some ask without a pause
}

// waiting has operations wait for data for as long as a busy machine needs.
func waiting(settings map[string]any) map[string]any {
	settings["first_wait"], settings["max_wait"] = "1m", "1m"
	limits, _ := settings["limits"].(map[string]any)
	if limits == nil {
		limits = make(map[string]any)
		settings["limits"] = limits
	}
	limits["operation_time"] = "2m"
	return settings
}

func configFile(t *testing.T, settings map[string]any) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	if err := os.WriteFile(path, []byte(inYAML(settings)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// company starts one system of an invented company for each kind, on addresses of their own.
func company(t *testing.T, people int) map[connectors.KindName]*sandbox.Sandbox {
	t.Helper()
	systems := make(map[connectors.KindName]*sandbox.Sandbox)
	for _, kind := range sandbox.Kinds {
		systems[kind] = system(t, kind, people)
	}
	return systems
}

// lastPort is the last port that a system was tried on. They lie below those that the machine hands out itself: one that is closed for a while
// can be opened again, and nobody else has taken it.
var lastPort atomic.Int32

const firstPort, ports = 18_000, 12_000

// system starts one system on an address of its own.
func system(t *testing.T, kind connectors.KindName, people int) *sandbox.Sandbox {
	t.Helper()
	for range ports {
		port := firstPort + (os.Getpid()*100+int(lastPort.Add(1)))%ports
		address := fmt.Sprintf("127.0.0.1:%d", port)
		s, err := systemAt(t, kind, people, address)
		if err == nil {
			return s
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			t.Fatal(err)
		}
	}
	t.Fatal("no port is free")
	return nil
}

// again starts a system anew where it was before.
func again(t *testing.T, kind connectors.KindName, people int, closed *sandbox.Sandbox) *sandbox.Sandbox {
	t.Helper()
	s, err := systemAt(t, kind, people, closed.Addr())
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func systemAt(t *testing.T, kind connectors.KindName, people int, address string) (*sandbox.Sandbox, error) {
	t.Helper()
	s, err := sandbox.StartOne(t.Context(), kind, sandbox.Options{People: people, Seed: demoSeed, Listen: address})
	if err != nil {
		return nil, err
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s, nil
}
