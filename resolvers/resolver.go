package resolvers

import (
	"log/slog"
	"maps"

	"github.com/99designs/gqlgen/graphql"

	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/presence"
	"roster/internal/roster"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	Roster   *roster.Roster
	Keeper   *snapshot.Keeper
	Presence *presence.Store
	Writer   *writes.Writer
	// SourcesApart tells what sources lack in extensions.sources of the answer, and not among its errors.
	SourcesApart bool
	// AccessLog is where it is written down who has read what; nil for nowhere.
	AccessLog *access.Log
	Logger    *slog.Logger // nil means nobody
}

// Schema gives the executable schema. It is run by a server that uses the resolver's Extension, ErrorPresenter and Recover too.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	config := generated.Config{Resolvers: r}
	// gqlparser knows @defer and gqlgen obeys it, but one answer to a request, which is what is served, would leave out what is deferred.
	schema := *generated.NewExecutableSchema(config).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	config.Schema = &schema
	return generated.NewExecutableSchema(config)
}

func (r *Resolver) log() *slog.Logger {
	if r.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Logger
}
