package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"

	"roster/bench/internal/process"
	"roster/connectors"
	"roster/internal/sandbox"
)

// people is the size of the invented company. It has about 4,000 accounts in its four sources.
const people = 1900

// serveCompany serves an invented company, and writes its sources as a configuration has them. Each line of in is the next first name of a person.
func serveCompany(in io.Reader, out io.Writer) error {
	company, err := sandbox.Start(context.Background(), sandbox.Options{People: people, Seed: 1})
	if err != nil {
		return err
	}
	var sources []map[string]any
	for _, c := range company.Sources() {
		s := map[string]any{
			"name": c.Name, "kind": string(c.Kind), "url": c.URL, "phone_region": c.PhoneRegion, "time_zone": c.TimeZone.String(),
			"rate_limit": map[string]any{"calls": 1_000_000, "per": "1ms"}, // no limit can be configured; this one is never met
		}
		maps.Copy(s, sandbox.Credentials(c.Kind))
		sources = append(sources, s)
	}
	if err := json.NewEncoder(out).Encode(sources); err != nil {
		return err
	}
	return process.AnswerLines(in, out, func(name string) (bool, error) {
		company.Rename(name)
		return true, nil
	})
}

// configuration returns a configuration of the server. Sources are fetched once and stay fresh, except that the accounts of one source are fetched every
// second if fetched is true. Profiles are at the address admin, unless it is empty. JSON is also YAML.
func configuration(sources []map[string]any, fetched bool, admin string) ([]byte, error) {
	all := make([]map[string]any, len(sources))
	for i, s := range sources {
		s = maps.Clone(s)
		collections := make(map[string]any)
		kind := connectors.KindName(fmt.Sprint(s["kind"]))
		for _, c := range connectors.KindNamed(kind).Collections {
			freshFor := "1d"
			if fetched && c.Collection == connectors.Accounts && kind == sandbox.Kinds[0] {
				freshFor = "1s"
			}
			collections[c.Collection.String()] = map[string]any{"fresh_for": freshFor, "min_interval": "1s", "keep_for": "30d"}
		}
		s["collections"] = collections
		all[i] = s
	}
	config := map[string]any{
		"listen": "127.0.0.1:0", "drain_delay": "0s", "log": map[string]any{"format": "text", "level": "warn"}, "sources": all,
		// Each request is counted, and none is refused.
		"limits": map[string]any{"requests": 100_000_000},
	}
	if admin != "" {
		config["admin"] = map[string]any{"listen": admin, "pprof": true}
	}
	return json.Marshal(config)
}
