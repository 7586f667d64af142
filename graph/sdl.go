// Package graph holds the schema: what the graph promises its clients, in the forms for clients, for routers and for the executor. Package
// generated is the executor that gqlgen makes of the schema. Package model has the Go side of its scalars and enumerations.
package graph

import (
	"embed"
	"io/fs"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

//go:generate go -C .. run ./internal/plan/generate

//go:embed schema/*.graphqls
var files embed.FS

// document parses the schema's files, and joins what they say of one type.
func document() *ast.SchemaDocument {
	entries, err := fs.ReadDir(files, "schema")
	if err != nil {
		panic("graph: the embedded schema cannot be listed")
	}
	var sources []*ast.Source
	for _, e := range entries {
		text, err := files.ReadFile("schema/" + e.Name())
		if err != nil {
			panic("graph: the embedded schema cannot be read")
		}
		sources = append(sources, &ast.Source{Name: e.Name(), Input: string(text)})
	}
	doc, err := parser.ParseSchemas(sources...)
	if err != nil {
		panic("graph: the embedded schema cannot be parsed: " + err.Error())
	}
	for _, more := range doc.Extensions {
		def := doc.Definitions.ForName(more.Name)
		if def == nil {
			panic("graph: the embedded schema extends " + more.Name + ", which it does not define")
		}
		def.Fields = append(def.Fields, more.Fields...)
	}
	doc.Extensions = nil
	return doc
}

// text gives the text of a schema.
func text(doc *ast.SchemaDocument) string {
	var b strings.Builder
	formatter.NewFormatter(&b, formatter.WithIndent("  ")).FormatSchemaDocument(doc)
	// The formatter sets nothing apart.
	return strings.TrimSuffix(strings.ReplaceAll(b.String(), "\n}\n", "\n}\n\n"), "\n")
}

// without gives the directives of a list that are wanted.
func without(list ast.DirectiveList, unwanted func(name string) bool) ast.DirectiveList {
	var kept ast.DirectiveList
	for _, d := range list {
		if !unwanted(d.Name) {
			kept = append(kept, d)
		}
	}
	return kept
}

// strip takes directives off everything that can have one.
func strip(doc *ast.SchemaDocument, unwanted func(name string) bool) {
	for _, def := range doc.Definitions {
		def.Directives = without(def.Directives, unwanted)
		for _, f := range def.Fields {
			f.Directives = without(f.Directives, unwanted)
			for _, a := range f.Arguments {
				a.Directives = without(a.Directives, unwanted)
			}
		}
		for _, v := range def.EnumValues {
			v.Directives = without(v.Directives, unwanted)
		}
	}
}
