package config

import (
	"errors"
	"net"
	"reflect"

	"roster/connectors"
	"roster/internal/access"
)

// DemoOption changes the default configuration.
type DemoOption func(*Config)

// DemoKeys are the keys that callers need; without keys, there is no authentication.
func DemoKeys(keys []access.Key) DemoOption { return func(c *Config) { c.Access.Keys = keys } }

// DemoOrigins are the origins of --cors, whose pages may use the graph.
func DemoOrigins(origins []string) DemoOption { return func(c *Config) { c.Origins = origins } }

// demoBeyondLoopback is the fault of a demo that everybody could reach.
const demoBeyondLoopback = "must be a loopback address, such as 127.0.0.1:8080: the demo answers everybody who can reach it. With --keys it asks for a key, and " +
	"can listen on any address"

// Default returns the configuration of the demo: these sources with all their collections, and the default of every other setting.
// The error is of type Faults, with a fault for each wrong flag of the demo.
func Default(listen string, sources []connectors.Config, opts ...DemoOption) (*Config, error) {
	d := newDecoder(func(string) (string, bool) { return "", false }, func(string) ([]byte, error) {
		return nil, errors.New("a default configuration names no file")
	})
	var file rootFile
	d.mapping(nil, "", reflect.ValueOf(&file).Elem(), "")
	c := plain(&file)
	c.Listen, c.Precedence, c.Admin, c.Tracing = listen, map[string][]string{}, Admin(file.Admin), Tracing(file.Tracing)
	for _, s := range sources {
		var settings sourceFile
		d.mapping(nil, "", reflect.ValueOf(&settings).Elem(), string(s.Kind))
		settings.Kind = string(s.Kind)
		c.Sources = append(c.Sources, Source{Config: s, EmailTrust: trusts[settings.EmailTrust], MaxPause: file.MaxPause, Collections: d.readable(&settings, "", d.guard(&file.Guard))})
	}
	for _, opt := range opts {
		opt(c)
	}
	d = newDecoder(d.env, d.read) // the faults so far are those of an empty file: the required settings are in sources
	d.hostPort(listen, "--listen")
	if host, _, err := net.SplitHostPort(listen); err == nil && !loopback(host) && !c.Access.Authenticates() {
		d.fault("--listen", demoBeyondLoopback)
	}
	for _, origin := range c.Origins {
		d.origin(origin, "--cors")
	}
	if len(d.faults) > 0 {
		return nil, d.faults
	}
	return c, nil
}
