package config

import (
	"errors"
	"reflect"

	"roster/connectors"
)

// Default returns the configuration of these sources with all their collections, and the default of every other setting.
// The error is of type Faults.
func Default(listen string, sources []connectors.Config) (*Config, error) {
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
	d.faults = nil // the required settings are in sources
	d.listen(listen, "--listen", false)
	if len(d.faults) > 0 {
		return nil, d.faults
	}
	return c, nil
}
