// Package directory builds one graph of people, teams, roles, contacts and folders from the records of all sources. It answers queries on the graph: it
// looks up, searches, filters, sorts, pages and counts.
//
// It is pure: records in, an immutable Directory out. The order in which the records were fetched does not matter. The package has no HTTP, cache, clock
// or goroutine, and of GraphQL it knows only the shape of the types.
package directory
