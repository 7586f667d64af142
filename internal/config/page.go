package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// Pages are the documents with tables that are generated from the settings and the registered kinds, by the names of the tables. Each table is
// between two lines of its page: <!-- name --> and <!-- /name -->.
var Pages = map[string]map[string]func() string{
	"settings.md": {"settings": Table},
	"sources.md":  {"kinds": KindsTable, "credentials": CredentialsTable},
}

// Table returns all settings as a table in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| setting | type | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, s := range Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Path, s.Type, s.Default, strings.ReplaceAll(s.Doc, "|", `\|`))
	}
	return b.String()
}

// WithTables replaces the tables in the page of that name.
func WithTables(name string, page []byte) ([]byte, error) {
	for table, text := range Pages[name] {
		begin, end := "<!-- "+table+" -->", "<!-- /"+table+" -->"
		before, rest, ok := bytes.Cut(page, []byte(begin))
		if !ok {
			return nil, errors.New("there is no line " + begin)
		}
		_, after, ok := bytes.Cut(rest, []byte(end))
		if !ok {
			return nil, errors.New("there is no line " + end)
		}
		page = bytes.Join([][]byte{before, []byte(begin + "\n\n" + text() + "\n" + end), after}, nil)
	}
	return page, nil
}
