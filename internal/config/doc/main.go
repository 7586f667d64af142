// Command doc writes the table of settings into docs/settings.md, between the lines that mark its place.
package main

import (
	"fmt"
	"os"

	"roster/internal/config"
)

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: doc docs/settings.md")
		os.Exit(2)
	}
	if err := run(os.Args[1]); err != nil {
		fmt.Fprintln(os.Stderr, "doc:", err)
		os.Exit(1)
	}
}

func run(path string) error {
	page, err := os.ReadFile(path) //nolint:gosec // the caller names it
	if err != nil {
		return err
	}
	updated, err := config.WithTable(page)
	if err != nil {
		return err
	}
	return os.WriteFile(path, updated, 0o644) //nolint:gosec // a document is for everybody
}
