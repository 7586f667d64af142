package config

import (
	"errors"

	"roster/connectors"
)

// Default gives the configuration of these sources with nothing else said: all that they have is read, and every setting has its default.
// The error is of type Faults.
func Default(listen string, sources []connectors.Config) (*Config, error) {
	d := newDecoder(func(string) (string, bool) { return "", false }, func(string) ([]byte, error) {
		return nil, errors.New("a default configuration names no file")
	})
	c := &Config{Listen: listen}
	d.listen(listen, "--listen")
	for _, s := range sources {
		trust := connectors.TrustAsserted
		if s.Kind == connectors.RocketChat {
			trust = connectors.TrustVerified
		}
		read := make(map[connectors.Collection]Collection)
		for _, kind := range collectionsOf[s.Kind] {
			read[kind] = Collection{}
		}
		c.Sources = append(c.Sources, Source{Config: s, EmailTrust: trust, Collections: read})
	}
	if len(d.faults) > 0 {
		return nil, d.faults
	}
	return c, nil
}
