package export

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// Table is the export of one list.
type Table struct {
	root     *ast.FieldDefinition
	columns  []column
	document string
}

// Document returns the query for one page, with the variables VarFilter, VarOrderBy (if the list accepts them), VarFirst and VarAfter.
func (t *Table) Document() string { return t.document }

// Columns returns the names of the columns.
func (t *Table) Columns() []string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return names
}

// Page is one page of a list, as the query returns it.
type Page struct {
	Nodes    []map[string]any
	PageInfo struct {
		HasNextPage bool
		EndCursor   string
	}
}

var errNoPage = errors.New("the answer has no page of the list")

// ReadPage reads a page from the data of an answer.
func ReadPage(data []byte) (*Page, error) {
	var roots map[string]*Page // with one entry, whose name depends on the prefix of the graph
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&roots); err != nil {
		return nil, err
	}
	for _, page := range roots {
		if page != nil {
			return page, nil
		}
	}
	return nil, errNoPage
}

// WriteHeader writes the header row.
func (t *Table) WriteHeader(w io.Writer) error {
	return t.write(w, 1, func(_ int, c column) string { return c.name })
}

// WriteRows writes the rows of a page.
func (t *Table) WriteRows(w io.Writer, p *Page) error {
	return t.write(w, len(p.Nodes), func(row int, c column) string { return c.cell(p.Nodes[row]) })
}

func (t *Table) write(w io.Writer, rows int, cell func(row int, c column) string) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true
	record := make([]string, len(t.columns))
	for row := range rows {
		for i, c := range t.columns {
			record[i] = cell(row, c)
		}
		if len(record) == 1 && record[0] == "" { // package csv would write an empty line, which readers skip
			out.Flush()
			if _, err := io.WriteString(w, "\"\"\r\n"); err != nil {
				return err
			}
			continue
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// separator is between the values of a list in one cell.
const separator = "; "

// cell returns a cell. Columns of one list have their values in the same order; a value that is null is empty.
func (c column) cell(node map[string]any) string {
	values := texts(nil, node, c.path)
	if !slices.ContainsFunc(values, func(value string) bool { return value != "" }) {
		return ""
	}
	return strings.Join(values, separator)
}

// texts appends the values at the end of a path.
func texts(to []string, v any, path []step) []string {
	if items, ok := v.([]any); ok {
		for _, item := range items {
			to = texts(to, item, path)
		}
		return to
	}
	if len(path) == 0 {
		return append(to, text(v))
	}
	object, ok := v.(map[string]any)
	if !ok {
		return append(to, "")
	}
	below, source := object[path[0].field], path[0].source
	if source == "" {
		return texts(to, below, path[1:])
	}
	items, ok := below.([]any)
	if !ok {
		items = []any{below}
	}
	for _, item := range items {
		if isOf(item, source) {
			to = texts(to, item, path[1:])
		}
	}
	return to
}

// isOf reports whether an object is of a source.
func isOf(v any, source string) bool {
	object, _ := v.(map[string]any)
	of, _ := object["source"].(map[string]any)
	return of["name"] == source
}

// lineBreaks makes all line breaks alike. Package csv writes each as CRLF, and would drop a lone CR.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n")

// text returns a value as text. Only a string can be taken for a formula.
func text(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return Neutral(lineBreaks.Replace(v))
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "true"
		}
		return "false"
	}
	b, err := json.Marshal(v)
	if err != nil {
		panic(err) // it was decoded from JSON
	}
	return Neutral(string(b))
}
