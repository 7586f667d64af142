package sandbox

import (
	"fmt"
	"strconv"
	"strings"

	"roster/connectors"
)

// customFields are those that the company has defined in its systems, and that the demo shows.
var customFields = map[connectors.KindName][]connectors.CustomField{
	RocketChat: {{Path: "floor", Name: "floor", Type: connectors.CustomNumber}, {Path: "onCallSince", Name: "onCallSince", Type: connectors.CustomDate}},
	Kommo:      {{Path: positionField, Name: "position"}},
}

// positionField is the ID of a custom field of Kommo's contacts.
const positionField = "90455"

// WithCustomFields returns the sources with the custom fields that the demo shows.
func WithCustomFields(sources []connectors.Config) []connectors.Config {
	for i := range sources {
		sources[i].CustomFields = customFields[sources[i].Kind]
	}
	return sources
}

// CustomFieldSettings returns the setting custom_fields of the demo for sources that are named after their kinds.
func CustomFieldSettings() []map[string]any {
	var all []map[string]any
	for _, kind := range Kinds {
		for _, f := range customFields[kind] {
			all = append(all, map[string]any{"source": string(kind), "path": f.Path, "as": f.Name, "type": f.Type.String()})
		}
	}
	return all
}

// customFieldsOf are the fields of a user of Rocket.Chat. Values are texts, as the vendor has them.
func customFieldsOf(p *Person) map[string]any {
	fields := make(map[string]any)
	if p.Department != "" {
		fields["department"] = p.Department
	}
	if p.N%3 != 0 {
		fields["floor"] = strconv.Itoa(p.N%7 + 1)
	}
	if p.N%8 == 3 {
		fields["onCallSince"] = today.AddDate(0, 0, -p.N%700).Format("2006-01-02")
	}
	if len(fields) == 0 {
		return nil
	}
	return fields
}

// writeCustomFields writes the setting for the sources that are served.
func (s *Sandbox) writeCustomFields(b *strings.Builder) {
	b.WriteString("custom_fields:\n")
	for _, c := range s.Sources() {
		for _, f := range customFields[c.Kind] {
			fmt.Fprintf(b, "  - { source: %s, path: %q, as: %s, type: %s }\n", c.Name, f.Path, f.Name, f.Type)
		}
	}
}
