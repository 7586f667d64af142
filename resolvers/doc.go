// Package resolvers answers GraphQL fields: thin, out of the one directory that an operation sees, without any I/O of its own. It knows which
// collections an operation needs and how failures look to a client; it knows no HTTP and no vendor.
package resolvers
