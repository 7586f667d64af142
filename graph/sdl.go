// Package graph holds the schema: what the graph promises its clients. The executor that gqlgen makes of it is in generated, the Go side of its
// scalars and enumerations in model.
package graph

import (
	"embed"
	"io/fs"
	"strings"
)

//go:generate go -C .. tool gqlgen generate

//go:embed schema/*.graphqls
var files embed.FS

// SDL gives the schema as a federated subgraph states it, one file after another.
func SDL() string {
	var b strings.Builder
	entries, err := fs.ReadDir(files, "schema")
	if err != nil {
		panic("graph: the embedded schema cannot be listed")
	}
	for i, e := range entries {
		text, err := files.ReadFile("schema/" + e.Name())
		if err != nil {
			panic("graph: the embedded schema cannot be read")
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.Write(text)
	}
	return b.String()
}
