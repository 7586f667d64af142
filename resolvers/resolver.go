package resolvers

import (
	"log/slog"
	"maps"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/graph"
	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/generation"
	"roster/internal/presence"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// Resolver is the root of all resolvers.
type Resolver struct {
	Publisher *generation.Publisher
	Keeper    *snapshot.Keeper
	Presence  *presence.Store
	Writer    *writes.Writer
	// SourcesApart tells what sources lack in extensions.sources of the answer, and not among its errors, unless the request says where.
	SourcesApart bool
	// Graph says under which names the graph is served, and what _service states.
	Graph graph.Options
	// AccessLog is where it is written down who has read what; nil for nowhere.
	AccessLog *access.Log
	Logger    *slog.Logger // nil means nobody

	present sync.Once
	served  *graph.Served
}

// Schema gives the executable schema. It is run by a server that uses the resolver's Prepare, Extension, ErrorPresenter and Recover too.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	config, schema := r.config()
	config.Schema = r.presented().Schema() // what introspection tells
	return executable{generated.NewExecutableSchema(config), schema}
}

// executable runs documents in the names of its schema, while introspection tells those that are served.
type executable struct {
	graphql.ExecutableSchema
	schema *ast.Schema
}

// Schema gives the schema of the documents that are run.
func (e executable) Schema() *ast.Schema { return e.schema }

func (r *Resolver) config() (generated.Config, *ast.Schema) {
	config := generated.Config{Resolvers: r}
	// gqlparser knows @defer and gqlgen obeys it, but one answer to a request, which is what is served, would leave out what is deferred.
	schema := *generated.NewExecutableSchema(config).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return config, &schema
}

// presented gives the graph under the names that are served.
func (r *Resolver) presented() *graph.Served {
	r.present.Do(func() {
		_, schema := r.config()
		r.served = graph.NewServed(r.Graph, schema)
	})
	return r.served
}

// Prepare holds a document to the schema that is served, by these rules, and makes it one for the executable schema.
func (r *Resolver) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	return r.presented().Prepare(doc, by)
}

// TypeName gives the name under which a type of the executable schema is served.
func (r *Resolver) TypeName(own string) string { return r.presented().TypeName(own) }

func (r *Resolver) log() *slog.Logger {
	if r.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Logger
}
