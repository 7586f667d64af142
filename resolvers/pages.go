package resolvers

import (
	"context"
	"errors"

	"roster/internal/directory"
)

// userPage returns a page of people, with its completeness.
func (r *Resolver) userPage(
	ctx context.Context, find func(*directory.Directory) (*directory.UserConnection, error),
) (*directory.UserConnection, error) {
	op := operationOf(ctx)
	page, err := find(op.view.Directory)
	if errors.Is(err, directory.ErrStopped) {
		_, err = op.admit(ctx, 0) // reports the time-out, once
	}
	if err != nil || page == nil {
		return nil, err
	}
	if ok, err := op.admit(ctx, page.Len()); !ok {
		return nil, err
	}
	page.Completeness = op.view.Completeness(requiredByList(ctx))
	if op.presence != nil {
		var people []directory.Node
		for _, u := range page.Nodes() {
			people = append(people, u)
		}
		r.prefetchPresence(ctx, people...)
	}
	return page, nil
}

// contactPage returns a page of contacts, with its completeness.
func (r *Resolver) contactPage(
	ctx context.Context, find func(*directory.Directory) (*directory.ContactConnection, error),
) (*directory.ContactConnection, error) {
	op := operationOf(ctx)
	page, err := find(op.view.Directory)
	if errors.Is(err, directory.ErrStopped) {
		_, err = op.admit(ctx, 0) // reports the time-out, once
	}
	if err != nil || page == nil {
		return nil, err
	}
	if ok, err := op.admit(ctx, page.Len()); !ok {
		return nil, err
	}
	page.Completeness = op.view.Completeness(requiredByList(ctx))
	if op.presence != nil {
		var people []directory.Node
		for _, c := range page.Nodes() {
			people = append(people, c.Owner, c.User)
		}
		r.prefetchPresence(ctx, people...)
	}
	return page, nil
}

// listPage returns a page of teams, roles or folders, with its completeness, or the error because of which there is none.
func listPage[T any](ctx context.Context, page *directory.Connection[T], err error) (*directory.Connection[T], error) {
	if err != nil {
		return nil, err
	}
	op := operationOf(ctx)
	if ok, err := op.admit(ctx, page.Len()); !ok {
		return nil, err
	}
	page.Completeness = op.view.Completeness(requiredByList(ctx))
	return page, nil
}

// orderOr returns the requested order, or by default the zero one: by name.
func orderOr[O any](o *O) O {
	if o == nil {
		return *new(O)
	}
	return *o
}
