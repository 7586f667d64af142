package resolvers

import (
	"log/slog"

	"github.com/99designs/gqlgen/graphql"

	"roster/graph/generated"
	"roster/internal/presence"
	"roster/internal/roster"
	"roster/internal/snapshot"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	Roster   *roster.Roster
	Keeper   *snapshot.Keeper
	Presence *presence.Store
	Logger   *slog.Logger
}

// Schema gives the executable schema. It is run by a server that uses the resolver's Extension, ErrorPresenter and Recover too.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	return generated.NewExecutableSchema(generated.Config{Resolvers: r, Directives: generated.DirectiveRoot{OneOf: oneOf}})
}
