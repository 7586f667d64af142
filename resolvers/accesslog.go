package resolvers

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/echo"
)

// beginEntry returns a new entry of the access log for an operation, or nil without an access log.
func (e *extension) beginEntry(document *graphql.OperationContext, known *facts, n required, d *deniedFields) *access.Entry {
	if e.AccessLog == nil {
		return nil
	}
	entry := &access.Entry{
		Operation: string(document.Operation.Operation), Name: echo.Cut(document.Operation.Name),
		Hash: known.hash, Fields: known.fields, Sources: []string{}, Denied: append([]string{}, d.names...),
	}
	walk(document, document.Operation.SelectionSet, func(f *ast.Field) bool {
		entry.Lookups += lookups(f, document.Variables)
		return false
	}, nil)
	collections := n.collections
	if document.Operation.Operation == ast.Subscription { // a change names an object of any source, whatever else is selected
		collections = setOf(connectors.AllCollections[:]...)
	}
	for _, key := range e.Publisher.Keys(collections) {
		if !slices.Contains(entry.Sources, key.Source) {
			entry.Sources = append(entry.Sources, key.Source)
		}
	}
	return entry
}

// lookups counts the objects that a root field names.
func lookups(f *ast.Field, vars map[string]any) int {
	switch f.Name {
	case "node", "user", "team", "role", "contact", "contactFolder":
		return 1
	case "nodes":
		return len(listed(f.ArgumentMap(vars)["ids"]))
	case "_entities":
		return len(listed(f.ArgumentMap(vars)["representations"]))
	}
	return 0
}

// endEntry completes the entry with the result of the operation, and writes it. It returns the answer, or a refusal if no answer may be sent without an
// entry, and the entry. The answer of a mutation is always sent, because its effects cannot be undone.
func (e *extension) endEntry(ctx context.Context, op *operation, resp *graphql.Response, incomplete bool) (*graphql.Response, *access.Entry) {
	if op.entry == nil {
		return resp, nil
	}
	entry := *op.entry
	entry.Items, entry.Errors = op.items.Load(), len(resp.Errors)+bounds.FromContext(ctx).Omitted()
	switch {
	case len(resp.Data) == 0 || string(resp.Data) == "null":
		entry.Outcome = access.Failed
	case len(resp.Errors) > 0, incomplete:
		entry.Outcome = access.Partly
	default:
		entry.Outcome = access.Answered
	}
	if op.stream != nil && entry.Outcome != access.Failed {
		entry.Items++ // the change itself
	}
	entry.Took = time.Since(op.began)
	document := graphql.GetOperationContext(ctx)
	if e.AccessLog.Write(ctx, entry) != nil && e.AccessLog.FailsClosed() && document.Operation.Operation != ast.Mutation && !onlyAboutSchema(document) {
		return &graphql.Response{Errors: gqlerror.List{unrecorded()}}, &entry
	}
	return resp, &entry
}

// unrecorded is the error for an answer whose entry could not be written.
func unrecorded() *gqlerror.Error {
	return &gqlerror.Error{Message: "nothing is answered while the access log cannot be written: tell the operator of Roster",
		Extensions: map[string]any{"code": codeLogUnavailable}}
}

// needsData reports whether a field at the root is about more than the schema.
func needsData(field string) bool { return !strings.HasPrefix(field, "__") && field != "_service" }

// onlyAboutSchema reports whether an operation requests no data.
func onlyAboutSchema(document *graphql.OperationContext) bool {
	only := true
	walk(document, document.Operation.SelectionSet, func(f *ast.Field) bool {
		only = only && !needsData(f.Name)
		return false
	}, nil)
	return only
}
