// Package resolvers resolves GraphQL fields from the one directory that an operation sees, without I/O of its own. It knows which collections an operation
// needs, and how failures appear to clients. It knows no HTTP and no vendor.
package resolvers

//go:generate go run roster/resolvers/whosees ../docs/who-sees.md
