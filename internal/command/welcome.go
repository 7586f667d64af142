package command

import (
	"fmt"
	"strings"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/sandbox"
)

// demoServe is the address where `serve` listens with the configuration that the demo writes; it differs from the demo's own.
const demoServe = "127.0.0.1:8081"

// demoKey is a key with which to try what callers with these scopes see.
type demoKey struct {
	name   string
	scopes access.Scopes
	text   string
}

// demoKeys returns the keys of a demo that asks for keys: for the configuration, and for people. They are new at each start, because others may reach
// the demo.
func demoKeys(wanted bool) (configured []access.Key, keys []demoKey) {
	if !wanted {
		return nil, nil
	}
	keys = []demoKey{
		{name: "reader", scopes: access.Scopes{access.ScopeRead}},
		{name: "hr", scopes: access.Scopes{access.ScopeRead, access.ScopeSensitive}},
		{name: "admin", scopes: access.Scopes{access.ScopeRead, access.ScopeSensitive, access.ScopeWrite, access.ScopeAdmin, access.ScopeSchema, access.ScopeRaw}},
	}
	for i := range keys {
		k := &keys[i]
		text, hash := access.NewKey()
		k.text = text
		configured = append(configured, access.Key{Name: k.name, Hash: hash, Scopes: k.scopes})
	}
	return configured, keys
}

// titles names the imitated systems as people do.
func titles() string {
	var names []string
	for _, k := range sandbox.Kinds {
		names = append(names, connectors.KindNamed(k).Title)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

// welcome is what the demo prints when it is ready.
func welcome(address string, o *demoOptions, keys []demoKey) string {
	limits := "switched off; --limits keeps them"
	if o.limits {
		limits = "kept"
	}
	var more strings.Builder
	if len(o.without) > 0 {
		fmt.Fprintf(&more, "\nDown, as if the vendor had an outage: %s.\n", join(o.without))
	}
	if len(o.origins) > 0 {
		fmt.Fprintf(&more, "\nPages of these origins may use the graph: %s.\n", strings.Join(o.origins, ", "))
	}
	credential := ""
	if len(keys) > 0 {
		credential = fmt.Sprintf(" -H 'authorization: Bearer %s'", keys[0].text)
		more.WriteString("\nThese keys are good until the demo ends. Send one as Authorization: Bearer KEY:\n\n")
		for _, k := range keys {
			fmt.Fprintf(&more, "  %-7s %s   %s\n", k.name, k.text, strings.Join(k.scopes, " "))
		}
	}
	return fmt.Sprintf(`Roster is ready: %[1]s

Open it in a browser for the dashboard, and /playground for queries, or paste this into a shell:

  curl -s %[1]s/graphql%[6]s -H 'content-type: application/json' -d '{"query":"{ users(first: 3) { totalCount nodes { name email accessLevel teams { name } accounts { source { name } } } } }"}'

Simulated: an invented company of %[2]d people in %[5]s. Their APIs are imitated over HTTP on this
machine, paging and errors included; the vendors' rate limits are %[3]s. Nothing leaves this machine. Ctrl-C ends it.
%[4]s`, address, o.people, limits, more.String(), titles(), credential)
}
