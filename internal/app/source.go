package app

import (
	"errors"
	"fmt"
	"reflect"
	"time"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/graph/model"
	"roster/internal/config"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// wanted is a configured source and the connector that is open already; nil for none.
type wanted struct {
	*config.Source
	open *connectors.Source
}

// reusing returns the configured sources, with the open connectors of the instance before if the configuration is the same. Those keep their
// connections and what they know of their rate limits.
func reusing(cfg *config.Config, before *instance) []wanted {
	sources := make([]wanted, len(cfg.Sources))
	for i := range cfg.Sources {
		sources[i].Source = &cfg.Sources[i]
		for n := 0; before != nil && n < len(before.sources); n++ {
			if sameConnector(&cfg.Sources[i], &before.config.Sources[n]) {
				sources[i].open = before.sources[n]
			}
		}
	}
	return sources
}

// sameConnector reports whether one connector can serve both configurations. How often the source is fetched and how far it is trusted make no
// difference.
func sameConnector(a, b *config.Source) bool {
	for kind := range a.Collections {
		if _, ok := b.Collections[kind]; !ok {
			return false
		}
	}
	of := func(s *config.Source) connectors.Config {
		c := s.Config
		c.Runtime = connectors.Runtime{} // set by the program, and always the same
		return c
	}
	return len(a.Collections) == len(b.Collections) && a.PropagateTrace == b.PropagateTrace && a.MaxPause == b.MaxPause && reflect.DeepEqual(of(a), of(b))
}

// openSources opens the configured sources, in their order, without the collections that are not configured. The error has one line for each fault.
func openSources(cfg *config.Config, runtime connectors.Runtime) ([]*connectors.Source, error) {
	return open(reusing(cfg, nil), runtime, nil)
}

func open(configured []wanted, runtime connectors.Runtime, propagating connectors.Observer) ([]*connectors.Source, error) {
	var sources []*connectors.Source
	var faults []error
	for _, c := range configured {
		if c.open != nil {
			sources = append(sources, c.open)
			continue
		}
		c.Runtime, c.Runtime.MaxPause = runtime, c.MaxPause
		if c.PropagateTrace && propagating != nil {
			c.Runtime.Observer = propagating
		}
		s, err := registry.Open(c.Config)
		if err != nil {
			faults = append(faults, fmt.Errorf("source %s: %w", c.Name, err))
			continue
		}
		for _, kind := range s.Collections() {
			if _, wanted := c.Collections[kind]; !wanted {
				s.Without(kind)
			}
		}
		sources = append(sources, s)
	}
	return sources, errors.Join(faults...)
}

// rememberLeavers is how long removed accounts are remembered if a source decides who works here: a year, which reviews of access usually cover. The other
// sources count too, because an address that a removed account had as well does not show who has left.
const rememberLeavers = 366 * 24 * time.Hour

func settings(cfg *config.Config) map[snapshot.Key]snapshot.Settings {
	out := make(map[snapshot.Key]snapshot.Settings)
	for i := range cfg.Sources {
		for kind, c := range cfg.Sources[i].Collections {
			s := snapshot.Settings{FreshFor: c.FreshFor, KeepFor: c.KeepFor,
				MinInterval: c.MinInterval, FullEvery: c.FullEvery, MaxLoss: c.MaxLoss, AcceptAfter: c.AcceptAfter, MaxPause: cfg.Sources[i].MaxPause}
			if kind == connectors.Accounts && cfg.Identity.Authority != "" {
				s.RememberFor, s.Anchors = rememberLeavers, anchorsOf(cfg, cfg.Sources[i].Name)
			}
			out[snapshot.Key{Source: cfg.Sources[i].Name, Collection: kind}] = s
		}
	}
	return out
}

// anchorsOf returns the fields of a source that anchors name.
func anchorsOf(cfg *config.Config, source string) []snapshot.Anchor {
	var out []snapshot.Anchor
	for _, a := range cfg.Identity.Anchors {
		if field := a.Fields[source]; field != "" {
			out = append(out, snapshot.Anchor{Name: a.Name, Field: field})
		}
	}
	return out
}

// trusted returns the sources, each with the trust that the operator has in it.
func trusted(cfg *config.Config, sources []*connectors.Source) []generation.Source {
	out := make([]generation.Source, len(sources))
	for i, s := range sources {
		out[i] = generation.Source{Source: s, Trust: directory.PolicyFor(cfg.Sources[i].EmailTrust), Account: model.AccountOf(s.Kind)}
	}
	return out
}

func rules(cfg *config.Config) directory.Rules {
	precedence := make(map[directory.Field][]string, len(cfg.Precedence))
	for field, names := range cfg.Precedence {
		precedence[directory.Field(field)] = names
	}
	var anchors []directory.Anchor
	for _, a := range cfg.Identity.Anchors {
		anchors = append(anchors, directory.Anchor(a))
	}
	return directory.Rules{
		Authority: cfg.Identity.Authority, Anchors: anchors, Links: cfg.Identity.Link, Splits: cfg.Identity.Split, SharedMailboxes: cfg.Identity.SharedMailboxes, Precedence: precedence,
	}
}
