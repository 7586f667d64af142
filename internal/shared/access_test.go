package shared_test

import (
	"crypto/tls"
	"log/slog"
	"strings"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/presence"
	"roster/internal/shared"
	"roster/internal/shared/redistest"
)

func TestTLS(t *testing.T) {
	t.Parallel()
	s, over := redistest.StartTLS(t)
	config := func(change func(*tls.Config)) *tls.Config {
		c := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: over.CA, Certificates: []tls.Certificate{over.Client}}
		change(c)
		return c
	}
	for name, tt := range map[string]struct {
		opt    shared.Options
		reason string // empty where it works
	}{
		"by a URL":                 {shared.Options{URL: "rediss://" + over.Addr, TLS: config(func(*tls.Config) {})}, ""},
		"not by TLS":               {shared.Options{URL: "redis://" + over.Addr}, "unreachable"},
		"another authority":        {shared.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.RootCAs = over.Other })}, "its certificate is not trusted"},
		"the system's authorities": {shared.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.RootCAs = nil })}, "its certificate is not trusted"},
		"another name":             {shared.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.ServerName = "redis.example" })}, "its certificate is not trusted"},
		"no certificate":           {shared.Options{URL: "rediss://" + over.Addr, TLS: config(func(c *tls.Config) { c.Certificates = nil })}, "unreachable"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log lines
			opt := tt.opt
			opt.Logger, opt.Prefix = slog.New(&log), strings.ReplaceAll(name, " ", "-")+":"
			opt.CallTimeout, opt.DialTimeout = 10*time.Second, 10*time.Second
			src := newSource("a", "1")
			r := running(t, opt)
			k, _ := keep(t, r, brisk, src.source("f"))
			settled(t, "fresh[1]", "a", k)
			if tt.reason == "" {
				connected(t, true, r)
				return
			}
			redistest.Await(t, func() bool { return len(log.all()) > 0 }, "the log says so")
			more(t, src, 2)
			if got := log.all(); len(got) != 1 || !strings.Contains(got[0], "redis cannot be used") || !strings.Contains(got[0], tt.reason) || r.Crowd().Connected {
				t.Errorf("log: %q", got)
			}
			if got := s.Must("KEYS", opt.Prefix+"*"); got != "" {
				t.Errorf("it has written %q", got)
			}
		})
	}
}

// rights are what docs/replicas.md says a user needs, on a single server.
var rights = []string{"-@all", "+@read", "+@write", "+@scripting", "+@pubsub", "+@connection", "+time", "-@dangerous"}

func TestUserWithTheRightsThatAreNeeded(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must(append([]string{"ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*"}, rights...)...)
	var log lines
	opt := at(s)
	opt.Username, opt.Password, opt.Logger = "app", "secret", slog.New(&log)
	src := newSource("a", numbered(20)...)
	tiers, ks := crew(t, src, func(int) shared.Options { return opt })
	settled(t, "fresh"+"["+strings.Join(numbered(20), " ")+"]", "a", ks...)
	src.set("other")
	settled(t, "fresh[other]", "a", ks...)
	o := &office{size: 10}
	for _, r := range tiers {
		store := presence.New([]*connectors.Source{o.source("f")}, presence.Options{Tier: r.Presence(), Timeout: 20 * time.Second, Life: time.Hour})
		if got := there(store.Get(t.Context(), chatters(0, 4))); got != "o-o-" {
			t.Errorf("presence: %s", got)
		}
		store.Close()
	}
	if got := o.asked(); len(got) != 1 {
		t.Errorf("presence was asked for %d times", len(got))
	}
	if n, err := tiers[0].Clear(t.Context(), "a"); n == 0 || err != nil {
		t.Errorf("clearing: %d keys, %v", n, err)
	}
	if got := log.all(); len(got) != 3 {
		t.Errorf("log: %q, want a line for each replica", got)
	}
	if denied := s.Must("ACL", "LOG"); denied != "" {
		t.Errorf("refused: %s", denied)
	}
}

func TestUserOfAClusterWithTheRightsThatAreNeeded(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t)
	for _, s := range append(c.Masters[:], c.Replicas[:]...) {
		s.Must(append(append([]string{"ACL", "SETUSER", "app", "on", ">secret", "~roster:*", "&roster:*"}, rights...), "+cluster")...)
	}
	src := newSource("a", "1")
	tiers, ks := crew(t, src, func(int) shared.Options {
		return shared.Options{Addrs: c.Addrs(), Username: "app", Password: "secret", CallTimeout: 10 * time.Second, DialTimeout: 10 * time.Second}
	})
	settled(t, "fresh[1]", "a", ks...)
	src.set("2")
	settled(t, "fresh[2]", "a", ks...)
	connected(t, true, tiers...)
	for _, s := range append(c.Masters[:], c.Replicas[:]...) {
		if denied := s.Must("ACL", "LOG"); denied != "" {
			t.Errorf("refused: %s", denied)
		}
	}
}

func TestUserWithoutTheChannel(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	s.Must("ACL", "SETUSER", "app", "on", ">secret", "~*", "resetchannels", "+@all")
	var log lines
	opt := at(s)
	opt.Username, opt.Password, opt.Logger = "app", "secret", slog.New(&log)
	src := newSource("a", "1")
	r := open(t, opt)
	k, _ := keep(t, r, brisk, src.source("f"))
	settled(t, "fresh[1]", "a", k)
	more(t, src, 3) // each announces, or would
	if got := log.all(); len(got) != 2 || !strings.Contains(got[1], "announce") || !r.Crowd().Connected {
		t.Errorf("log: %q, want one line that it is there, and one that it cannot announce", got)
	}
	s.Must("ACL", "SETUSER", "app", "&roster:*")
	more(t, src, 2)
	if got := log.all(); len(got) != 3 || !strings.Contains(got[2], "announce changes again") {
		t.Errorf("log: %q", got)
	}
}
