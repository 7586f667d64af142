package resolvers

import (
	"context"
	"slices"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/internal/access"
	"roster/internal/freshness"
	"roster/internal/generation"
)

// privateFields are the fields that depend on the caller, or on what changes without a new generation. Presence is another: see isPresence.
var privateFields = map[coordinate]bool{
	{"Query", "viewer"}:        true,
	{"Query", "changeCursor"}:  true,
	{"Query", "identityEdits"}: true,
	{"Source", "state"}:        true,
	{"Source", "collections"}:  true,
	{"Source", "breaker"}:      true,
	{"Source", "pause"}:        true,
	{"Source", "credential"}:   true,
}

// isPrivate reports whether a field depends on more than a generation and the caller's scopes, so that its answer is for one operation only.
func isPrivate(f *ast.Field) bool {
	return isPresence(f) || f.ObjectDefinition != nil && privateFields[coordinate{f.ObjectDefinition.Name, f.Name}]
}

// Reusable reports whether answers of an operation can be for other operations too, whatever its variables are.
func (r *Resolver) Reusable(operation *ast.OperationDefinition) bool {
	if operation.Operation != ast.Query {
		return false
	}
	private := false
	// Without its directives, because @skip and @include depend on the variables.
	w := walker{seen: make(map[*ast.FragmentDefinition]bool), all: true, field: func(f *ast.Field) bool {
		private = private || isPrivate(f)
		return !private
	}}
	w.walk(operation.SelectionSet)
	return !private
}

// reusable is the origin of an answer: what it was computed from.
type reusable struct {
	*Resolver
	version  generation.Version
	shows    generation.Shows
	required generation.Required
	entry    *access.Entry // nil without an access log
}

var _ freshness.Reusable = (*reusable)(nil)

// Reuse implements freshness.Reusable.
func (u *reusable) Reuse(now time.Time) (freshness.Answer, bool) {
	g := u.Publisher.CurrentAt(now)
	if g.Version().Of(u.shows) != u.version || g.Waits(u.required) || u.AccessLog.Refuses() {
		return freshness.Answer{}, false
	}
	g.Ask(u.required, now)
	oldestAt, freshUntil, _ := g.Freshness(u.required)
	return freshness.Answer{OldestAt: oldestAt, FreshUntil: freshUntil}, true
}

// Record implements freshness.Reusable.
func (u *reusable) Record(ctx context.Context, began time.Time) error {
	if u.entry == nil {
		return nil
	}
	entry := *u.entry
	entry.Took = time.Since(began)
	if u.AccessLog.Write(ctx, entry) == nil || !u.AccessLog.FailsClosed() || !slices.ContainsFunc(entry.Fields, needsData) {
		return nil
	}
	return unrecorded()
}
