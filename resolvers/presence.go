package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/presence"
)

// presenceFields are the fields whose values a source is asked for.
var presenceFields = map[string]bool{"presence": true, "presenceAsOf": true, "statusText": true}

func isPresence(f *ast.Field) bool { return presenceFields[f.Name] }

// rootsWithPresence counts the root fields below which presence is requested, up to two.
func rootsWithPresence(op *graphql.OperationContext) int {
	n := 0
	walk(op, op.Operation.SelectionSet, func(root *ast.Field) bool {
		if n < 2 && presenceBelow(op, root.SelectionSet, func(*ast.Field) bool { return true }) {
			n++
		}
		return false
	}, nil)
	return n
}

func presenceBelow(op *graphql.OperationContext, selections ast.SelectionSet, descend func(*ast.Field) bool) bool {
	found := false
	walk(op, selections, func(f *ast.Field) bool {
		found = found || isPresence(f)
		return !found && descend(f)
	}, nil)
	return found
}

// prefetchPresence loads the presence of the subjects of the field that is being resolved in one batch, if fields below it request it. If other fields may
// request presence at the same time, as inside a list, it does nothing, and the loader forms the batch. A source is called only once in a while, and that
// call must be for all accounts.
func (r *Resolver) prefetchPresence(ctx context.Context, subjects ...directory.Node) {
	op := operationOf(ctx)
	if !op.singleRoot || op.planned || inList(ctx) { // a plan loads the presence of everyone at the end
		return
	}
	// Only these fields lead to the subjects themselves.
	below := func(f *ast.Field) bool {
		switch f.Name {
		case "edges", "node", "nodes", "accounts", "user", "owner":
			return true
		}
		return false
	}
	if !presenceBelow(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections, below) {
		return
	}
	var refs []connectors.Ref
	for _, s := range subjects {
		refs = append(refs, r.presenceRefs(s)...)
	}
	op.presence.prefetch(ctx, refs)
}

// inList reports whether the field that is being resolved is inside a list.
func inList(ctx context.Context) bool {
	for fc := graphql.GetFieldContext(ctx); fc != nil; fc = fc.Parent {
		if fc.Index != nil {
			return true
		}
	}
	return false
}

// presenceRefs returns the accounts of a person, or the account itself, whose sources know presence. An inactive account counts as offline, without a call.
func (r *Resolver) presenceRefs(subject directory.Node) []connectors.Ref {
	var accounts []directory.Account
	switch s := subject.(type) {
	case *directory.User:
		if s != nil {
			accounts = s.Accounts
		}
	case directory.Account:
		accounts = []directory.Account{s}
	}
	var refs []connectors.Ref
	for _, a := range accounts {
		core := a.Core()
		if s := r.Publisher.Source(core.Source.Name); s != nil && s.Presence != nil && core.Active {
			refs = append(refs, connectors.Ref{Source: core.Source.Name, ID: core.ExternalID})
		}
	}
	return refs
}

// presenceOf returns the highest presence of a subject's accounts, with its text and its time. Of two accounts with the same state, the later answer counts.
func (r *Resolver) presenceOf(ctx context.Context, subject directory.Node) presence.Answer {
	var most presence.Answer
	for _, a := range operationOf(ctx).presence.of(ctx, r.presenceRefs(subject)...) {
		there, before := rank[a.Presence.State], rank[most.Presence.State]
		if there > before || there == before && a.At.After(most.At) {
			most = a
		}
	}
	return most
}

// rank orders the states. Of several accounts, the highest state is shown.
var rank = map[connectors.PresenceState]int{
	connectors.PresenceOnline: 4, connectors.PresenceBusy: 3, connectors.PresenceAway: 2, connectors.PresenceOffline: 1,
}
