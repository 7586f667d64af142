package resolvers

import (
	"context"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// removals are the objects that an operation has asked for by their IDs and that sources no longer have.
type removals struct {
	mu  sync.Mutex // gqlgen resolves root fields concurrently
	all []removal
}

// removal is an entry of extensions.removedAt.
type removal struct {
	ID string `json:"id"`
	// RemovedAt is when the first fetch began that no longer saw the object.
	RemovedAt time.Time `json:"removedAt"`
}

// noteRemoval adds to the answer when an object was removed that was not found. It does nothing if nobody remembers the object.
func noteRemoval(ctx context.Context, id string) {
	op := operationOf(ctx)
	at := op.view.Directory.RemovedAt(id)
	if at.IsZero() {
		return
	}
	r := &op.removals
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) < maxNodes && !slices.ContainsFunc(r.all, func(x removal) bool { return x.ID == id }) {
		r.all = append(r.all, removal{id, at})
	}
}

// orGone returns what was found by an ID, and notes if it was removed.
func orGone[T any](ctx context.Context, id string, found *T, err error) (*T, error) {
	if found == nil && err == nil {
		noteRemoval(ctx, id)
	}
	return found, err
}

// addTo adds the removals to the answer's extensions.
func (r *removals) addTo(resp *graphql.Response) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) == 0 {
		return
	}
	if resp.Extensions == nil {
		resp.Extensions = make(map[string]any)
	}
	slices.SortFunc(r.all, func(a, b removal) int { return strings.Compare(a.ID, b.ID) })
	resp.Extensions["removedAt"] = r.all
}
