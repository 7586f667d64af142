// Command doc writes the tables of settings and of kinds of sources into the documents that hold them, between the lines that mark their places.
package main

import (
	"fmt"
	"os"
	"path/filepath"

	_ "roster/connectors/registry"
	"roster/internal/config"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: doc docs")
		os.Exit(2)
	}
	for name := range config.Pages {
		if err := write(filepath.Join(os.Args[1], name), name); err != nil {
			fmt.Fprintln(os.Stderr, "doc:", err)
			os.Exit(1)
		}
	}
}

func write(path, name string) error {
	page, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	updated, err := config.WithTables(name, page)
	if err != nil {
		return err
	}
	return os.WriteFile(path, updated, 0o644) //nolint:gosec // a document is for everybody
}
