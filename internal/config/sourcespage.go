package config

import (
	"fmt"
	"strings"

	"roster/connectors"
)

// KindsTable returns the capabilities of the kinds of sources as a Markdown table with a column for each kind.
func KindsTable() string {
	kinds := connectors.Kinds()
	var b strings.Builder
	row := func(name string, text func(*connectors.Kind) string) {
		b.WriteString("|" + cell(name))
		for _, k := range kinds {
			b.WriteString(cell(text(k)))
		}
		b.WriteByte('\n')
	}
	row("", func(k *connectors.Kind) string { return k.Title })
	row("---", func(*connectors.Kind) string { return "---" })
	for _, c := range connectors.AllCollections {
		row(collectionTitles[c], func(k *connectors.Kind) string {
			if has := k.Collection(c); has != nil {
				return has.Guide
			}
			return orAbsent(k.Guide.Mentioned[c])
		})
	}
	for _, r := range []struct {
		name string
		text func(*connectors.Guide) string
	}{
		{"Presence", func(g *connectors.Guide) string { return orAbsent(g.Presence) }},
		{"Webhooks of the source", func(g *connectors.Guide) string { return orAbsent(g.Hooks) }},
		{"Writing", func(g *connectors.Guide) string { return orAbsent(g.Writing) }},
		{"Paging", func(g *connectors.Guide) string { return g.Paging }},
		{"Authentication", func(g *connectors.Guide) string { return g.Authentication }},
		{"Rate limit kept", func(g *connectors.Guide) string { return g.RateLimit }},
		{"Counted by", func(g *connectors.Guide) string { return g.CountedBy }},
	} {
		row(r.name, func(k *connectors.Kind) string { return r.text(&k.Guide) })
	}
	row("Left out of `raw`, besides members with names of secrets", func(k *connectors.Kind) string {
		if k.NeverShown == nil {
			return "cannot be kept"
		}
		return "`" + strings.Join(k.NeverShown, "`, `") + "`"
	})
	return b.String()
}

var collectionTitles = map[connectors.Collection]string{
	connectors.Accounts: "Users", connectors.Teams: "Teams", connectors.Roles: "Roles", connectors.Contacts: "Contacts",
	connectors.ContactFolders: "Contact folders",
}

func cell(text string) string { return strings.TrimRight(" "+text, " ") + " |" }

func orAbsent(text string) string {
	if text == "" {
		return "absent"
	}
	return text
}

// CredentialsTable returns the origin of the credentials of each kind of source as a Markdown table, followed by the notes for operators.
func CredentialsTable() string {
	var b, notes strings.Builder
	b.WriteString("| | Where it comes from | What it needs | Without it |\n| --- | --- | --- | --- |\n")
	for _, k := range connectors.Kinds() {
		title := k.Title
		for _, c := range k.Guide.Credentials {
			b.WriteString("|" + cell(title) + cell(c.From) + cell(c.Needs) + cell(c.Without) + "\n")
			title = ""
		}
		if len(k.Guide.Notes) > 0 {
			fmt.Fprintf(&notes, "- **%s**: %s\n", k.Title, strings.Join(k.Guide.Notes, " "))
		}
	}
	return b.String() + "\n" + notes.String()
}
