// Package model says how Go values look in GraphQL: scalars, enumerations, and the few types that belong to no other package. It owns the
// spelling; connectors, snapshot and directory own the meaning.
package model
