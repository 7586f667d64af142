package resolvers

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/bounds"
	"roster/internal/echo"
)

// record begins the entry of the access log for an operation; nil where none is kept.
func (e *extension) record(document *graphql.OperationContext, n needs, w *withheld) *access.Entry {
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
	for _, key := range e.Roster.Keys(n.collections) {
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

// write ends the entry with how the operation was answered, lacking what some source has or not, and writes it down.
func (e *extension) write(ctx context.Context, op *operation, resp *graphql.Response, lacking bool) {
	if op.record == nil {
		return
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
	e.AccessLog.Write(ctx, entry)
}
