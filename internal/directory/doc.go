// Package directory makes one graph of people, teams, roles, contacts and folders out of the records of all sources, and answers questions
// about it: look up, search, filter, order, page, count.
//
// It is pure: records in, an immutable Directory out, the same one for the same records whatever the order they were read in. It knows no
// HTTP, no cache, no clock and no goroutine, and nothing of GraphQL but the shape of its types.
package directory
