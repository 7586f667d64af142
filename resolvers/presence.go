package resolvers

import (
	"context"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/presence"
)

func isPresence(f *ast.Field) bool {
	return f.Name == "presence" || f.Name == "presenceAsOf" || f.Name == "statusText"
}

// presenceRoots counts those of the operation's own fields below which presence is asked for, up to two.
func presenceRoots(op *graphql.OperationContext) int {
	n := 0
	walk(op, op.Operation.SelectionSet, func(root *ast.Field) bool {
		if n < 2 && asksBelow(op, root.SelectionSet, func(*ast.Field) bool { return true }) {
			n++
		}
		return false
	}, nil)
	return n
}

func asksBelow(op *graphql.OperationContext, selections ast.SelectionSet, descend func(*ast.Field) bool) bool {
	found := false
	walk(op, selections, func(f *ast.Field) bool {
		found = found || isPresence(f)
		return !found && descend(f)
	}, nil)
	return found
}

// expectPresence asks together for the presence of all whom the field that is being resolved gives, where the fields below it ask for that. Where
// other fields ask for others at the same time, as inside of a list, it leaves them to come together by themselves: a source is asked once only,
// and must then be asked for all.
func (r *Resolver) expectPresence(ctx context.Context, subjects ...directory.Node) {
	op := operationOf(ctx)
	if !op.oneAsks || inList(ctx) {
		return
	}
	// These lead to the subjects themselves, and not to others.
	below := func(f *ast.Field) bool {
		switch f.Name {
		case "edges", "node", "nodes", "accounts", "user", "owner":
			return true
		}
		return false
	}
	if !asksBelow(graphql.GetOperationContext(ctx), graphql.GetFieldContext(ctx).Field.Selections, below) {
		return
	}
	var refs []connectors.Ref
	for _, s := range subjects {
		refs = append(refs, r.presenceRefs(s)...)
	}
	op.presence.expect(ctx, refs)
}

// inList says whether the field that is being resolved is inside of a list.
func inList(ctx context.Context) bool {
	for fc := graphql.GetFieldContext(ctx); fc != nil; fc = fc.Parent {
		if fc.Index != nil {
			return true
		}
	}
	return false
}

// presenceRefs gives the accounts whose sources can tell whether somebody is there: a person's, or an account itself. Who may not come in is not
// there, and nobody is asked about them.
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

// presenceOf gives the state in which someone is most there, what they wrote beside it, and when it was asked for: who is there in one place is
// there. Of two accounts in one state the newer answer counts.
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

// rank orders the states: of several accounts, the highest is shown.
var rank = map[connectors.PresenceState]int{
	connectors.PresenceOnline: 4, connectors.PresenceBusy: 3, connectors.PresenceAway: 2, connectors.PresenceOffline: 1,
}
