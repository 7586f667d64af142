package resolvers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/echo"
)

// record begins the entry of the access log for an operation; nil where none is kept.
func (e *extension) record(document *graphql.OperationContext, n required, w *withheld) *access.Entry {
	if e.AccessLog == nil {
		return nil
	}
	hash := sha256.Sum256([]byte(document.RawQuery))
	entry := &access.Entry{
		Operation: string(document.Operation.Operation), Name: echo.Cut(document.Operation.Name),
		Hash: hex.EncodeToString(hash[:]), Fields: []string{}, Sources: []string{}, Withheld: append([]string{}, w.names...),
	}
	walk(document, document.Operation.SelectionSet, func(f *ast.Field) bool {
		if !slices.Contains(entry.Fields, f.Name) {
			entry.Fields = append(entry.Fields, f.Name)
		}
		entry.Lookups += lookups(f, document.Variables)
		return false
	}, nil)
	for _, key := range e.Publisher.Keys(n.collections) {
		if !slices.Contains(entry.Sources, key.Source) {
			entry.Sources = append(entry.Sources, key.Source)
		}
	}
	return entry
}

// lookups counts the objects that a field of the operation's own names.
func lookups(f *ast.Field, vars map[string]any) int {
	switch f.Name {
	case "node", "user":
		return 1
	case "nodes":
		return len(listed(f.ArgumentMap(vars)["ids"]))
	case "_entities":
		return len(listed(f.ArgumentMap(vars)["representations"]))
	}
	return 0
}

// write ends the entry with how the operation was answered, lacking what some source has or not, and writes it down. It gives the answer, or a
// refusal where that may not go out without an entry. What a mutation has done cannot be taken back: its caller is told.
func (e *extension) write(ctx context.Context, op *operation, resp *graphql.Response, lacking bool) *graphql.Response {
	if op.record == nil {
		return resp
	}
	entry := *op.record
	entry.Items, entry.Errors = op.items.Load(), len(resp.Errors)+bounds.FromContext(ctx).Omitted()
	switch {
	case len(resp.Data) == 0 || string(resp.Data) == "null":
		entry.Outcome = access.Failed
	case len(resp.Errors) > 0, lacking:
		entry.Outcome = access.Partly
	default:
		entry.Outcome = access.Answered
	}
	entry.Took = time.Since(op.began)
	document := graphql.GetOperationContext(ctx)
	if e.AccessLog.Write(ctx, entry) != nil && e.AccessLog.Withholds() && document.Operation.Operation != ast.Mutation && !onlyAboutSchema(document) {
		return &graphql.Response{Errors: gqlerror.List{unrecorded()}}
	}
	return resp
}

// unrecorded refuses what could not be written down.
func unrecorded() *gqlerror.Error {
	return &gqlerror.Error{Message: "nothing is answered while the access log cannot be written: tell the operator of Roster",
		Extensions: map[string]any{"code": codeLogUnavailable}}
}

// onlyAboutSchema says whether an operation asks for no data.
func onlyAboutSchema(document *graphql.OperationContext) bool {
	only := true
	walk(document, document.Operation.SelectionSet, func(f *ast.Field) bool {
		only = only && (strings.HasPrefix(f.Name, "__") || f.Name == "_service")
		return false
	}, nil)
	return only
}
