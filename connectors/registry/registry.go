// Package registry knows which package reads which kind of source. It is the only package that imports the vendors, and knows nothing
// of them but their constructors.
package registry

import (
	"fmt"
	"strings"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/kommo"
	"roster/connectors/rocketchat"
	"roster/connectors/worksection"
)

var constructors = map[connectors.Kind]func(connectors.Config) (*connectors.Source, error){
	connectors.Worksection: worksection.Open,
	connectors.Kommo:       kommo.Open,
	connectors.Altcraft:    altcraft.Open,
	connectors.RocketChat:  rocketchat.Open,
}

// Open gives the source that cfg describes, by its kind. Nothing is sent yet. The error has one line for each fault, which begins with
// the key in the configuration.
func Open(cfg connectors.Config) (*connectors.Source, error) {
	construct, ok := constructors[cfg.Kind]
	if !ok {
		return nil, fmt.Errorf("kind: %q is not one of %s", cfg.Kind, kinds())
	}
	return construct(cfg)
}

func kinds() string {
	names := make([]string, 0, len(connectors.Kinds))
	for _, k := range connectors.Kinds {
		names = append(names, string(k))
	}
	return strings.Join(names, ", ")
}
