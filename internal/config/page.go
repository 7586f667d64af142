package config

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
)

// The table of settings stands between these lines of docs/settings.md.
const (
	beginTable = "<!-- settings -->"
	endTable   = "<!-- /settings -->"
)

// Table gives all settings as a table in Markdown.
func Table() string {
	var b strings.Builder
	b.WriteString("| setting | type | default | meaning |\n| --- | --- | --- | --- |\n")
	for _, s := range Settings() {
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", s.Path, s.Type, s.Default, strings.ReplaceAll(s.Doc, "|", `\|`))
	}
	return b.String()
}

// WithTable puts the table in its place in the page.
func WithTable(page []byte) ([]byte, error) {
	before, rest, ok := bytes.Cut(page, []byte(beginTable))
	if !ok {
		return nil, errors.New("there is no line " + beginTable)
	}
	_, after, ok := bytes.Cut(rest, []byte(endTable))
	if !ok {
		return nil, errors.New("there is no line " + endTable)
	}
	return bytes.Join([][]byte{before, []byte(beginTable + "\n\n" + Table() + "\n" + endTable), after}, nil), nil
}
