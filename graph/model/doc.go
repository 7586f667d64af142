// Package model says how Go values look in GraphQL: scalars, enumerations, and the few types that belong to no other package. It owns the
// spelling; what the values mean is the business of connectors, snapshot and directory.
package model
