package web_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/graph"
)

// documents finds the documents in the dashboard's code.
var documents = regexp.MustCompile("(?s)graphql\\(`(.*?)`\\)")

// The dashboard's documents are valid for the schema, which says so also where Node is not installed.
func TestDashboardDocuments(t *testing.T) {
	t.Parallel()
	all := &ast.QueryDocument{}
	err := filepath.WalkDir(filepath.Join("dashboard", "src"), func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(strings.TrimSuffix(path, "x"), ".ts") || strings.HasPrefix(path, filepath.Join("dashboard", "src", "gql")) {
			return err
		}
		code, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, found := range documents.FindAllStringSubmatch(string(code), -1) {
			doc, err := parser.ParseQuery(&ast.Source{Name: path, Input: found[1]})
			if err != nil {
				t.Errorf("a document in %s: %v", path, err)
				continue
			}
			all.Operations = append(all.Operations, doc.Operations...)
			all.Fragments = append(all.Fragments, doc.Fragments...)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(all.Operations) < 20 || len(all.Fragments) < 3 { // else the pattern finds them no more
		t.Errorf("the dashboard has %d operations and %d fragments", len(all.Operations), len(all.Fragments))
	}
	schema, err := gqlparser.LoadSchema(&ast.Source{Name: "schema", Input: graph.Client(graph.Options{})})
	if err != nil {
		t.Fatal(err)
	}
	for _, fault := range validator.ValidateWithRules(schema, all, rules.NewDefaultRules()) {
		t.Error(fault)
	}
}
