package resolvers

import (
	"log/slog"
	"maps"
	"strings"
	"sync"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/graph"
	"roster/graph/generated"
	"roster/internal/access"
	"roster/internal/changes"
	"roster/internal/edits"
	"roster/internal/generation"
	"roster/internal/plan"
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
	// Identity edits which accounts are one person.
	Identity *edits.Editor
	// SourceErrorsInExtensions puts the errors of sources into extensions.sources of the answer, not into its errors. A request may choose otherwise.
	SourceErrorsInExtensions bool
	// Graph has the names under which the graph is served, and the content of _service.
	Graph graph.Options
	// Changes has the changes of the directory; nil for a log without any.
	Changes *changes.Log
	// AccessLog records who has read what; nil for no log.
	AccessLog *access.Log
	Logger    *slog.Logger // nil for no log
	// WithoutPlans leaves all operations to gqlgen. Answers are the same, and slower: it is for comparing both.
	WithoutPlans bool
	// Plans counts how operations are executed; nil for counts of its own.
	Plans *plan.Counts

	serveOnce sync.Once
	served    *graph.Served

	fillings fillings

	compileOnce sync.Once
	compiles    *plan.Compiler
	ownPlans    plan.Counts
}

// Schema returns the executable schema. Its server must also use the resolver's Prepare, Extension, ErrorPresenter and Recover.
func (r *Resolver) Schema() graphql.ExecutableSchema {
	config, schema := r.config()
	config.Schema = r.servedGraph().Schema() // for introspection
	return &executable{generated.NewExecutableSchema(config), schema, r}
}

// executable executes documents with the schema's own names, while introspection shows the served names.
type executable struct {
	graphql.ExecutableSchema
	schema   *ast.Schema
	resolver *Resolver
}

// Schema returns the schema with which documents are executed.
func (e *executable) Schema() *ast.Schema { return e.schema }

func (r *Resolver) config() (generated.Config, *ast.Schema) {
	config := generated.Config{Resolvers: r}
	// gqlgen supports @defer, but the transports send only one response, which would lack the deferred fields.
	schema := *generated.NewExecutableSchema(config).Schema()
	schema.Directives = maps.Clone(schema.Directives)
	delete(schema.Directives, "defer")
	return config, &schema
}

// servedGraph returns the graph with the names under which it is served.
func (r *Resolver) servedGraph() *graph.Served {
	r.serveOnce.Do(func() {
		_, schema := r.config()
		r.served = graph.NewServed(r.Graph, schema)
	})
	return r.served
}

// Prepare validates a document against the served schema by these rules, and converts it to the executable schema.
func (r *Resolver) Prepare(doc *ast.QueryDocument, by *rules.Rules) gqlerror.List {
	return r.servedGraph().Prepare(doc, by)
}

// TypeName returns the name under which a type is served.
func (r *Resolver) TypeName(own string) string { return r.servedGraph().TypeName(own) }

func (r *Resolver) log() *slog.Logger {
	if r.Logger == nil {
		return slog.New(slog.DiscardHandler)
	}
	return r.Logger
}

// FieldName returns the name under which a field is served.
func (r *Resolver) FieldName(object, own string) string {
	_, name, _ := strings.Cut(r.servedGraph().Coordinate(object, own), ".")
	return name
}
