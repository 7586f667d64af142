// Package registry lists the kinds of sources that the program has. Of the connectors it knows only their descriptions. It is the only package that imports
// the connectors to open sources; graph/model imports them for the types of their accounts.
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

func init() {
	for _, k := range []*connectors.Kind{&worksection.Kind, &kommo.Kind, &altcraft.Kind, &rocketchat.Kind} {
		connectors.Register(k)
	}
}

// Open gives the source that cfg describes, by its kind. Nothing is sent yet. The error has one line for each fault, which begins with
// the key in the configuration.
func Open(cfg connectors.Config) (*connectors.Source, error) {
	kind := connectors.KindNamed(cfg.Kind)
	if kind == nil {
		return nil, fmt.Errorf("kind: %q is not one of %s", cfg.Kind, kinds())
	}
	if cfg.Raw && kind.NeverShown == nil {
		return nil, fmt.Errorf("raw: kind %s does not keep what the source says", cfg.Kind)
	}
	if len(cfg.CustomFields) > 0 && !kind.HasCustomFields(connectors.Accounts) && !kind.HasCustomFields(connectors.Contacts) {
		return nil, fmt.Errorf("custom_fields: records of kind %s have no custom fields", cfg.Kind)
	}
	source, err := kind.Open(cfg)
	if err != nil {
		return nil, err
	}
	source.WithExtra(cfg, kind)
	source.WithCustomFields(cfg, kind)
	return source, nil
}

func kinds() string {
	var names []string
	for _, k := range connectors.Kinds() {
		names = append(names, string(k.Name))
	}
	return strings.Join(names, ", ")
}
