package resolvers

import (
	"context"
	"errors"

	"roster/internal/directory"
)

// userPage gives a page of people, with what can be said of its completeness.
func (r *Resolver) userPage(
	ctx context.Context, find func(*directory.Directory) (*directory.UserConnection, error),
) (*directory.UserConnection, error) {
	op := operationOf(ctx)
	page, err := find(op.view.Directory)
	if errors.Is(err, directory.ErrStopped) {
		_, err = op.admit(ctx, 0) // which says once what is the matter
	}
	if err != nil || page == nil {
		return nil, err
	}
	if ok, err := op.admit(ctx, page.Len()); !ok {
		return nil, err
	}
	page.Completeness = op.view.Completeness(decidedBy(ctx))
	if op.presence != nil {
		var people []directory.Node
		for _, u := range page.Nodes() {
			people = append(people, u)
		}
		r.expectPresence(ctx, people...)
	}
	return page, nil
}

// contactPage gives a page of contacts, with what can be said of its completeness.
func (r *Resolver) contactPage(
	ctx context.Context, find func(*directory.Directory) (*directory.ContactConnection, error),
) (*directory.ContactConnection, error) {
	op := operationOf(ctx)
	page, err := find(op.view.Directory)
	if errors.Is(err, directory.ErrStopped) {
		_, err = op.admit(ctx, 0) // which says once what is the matter
	}
	if err != nil || page == nil {
		return nil, err
	}
	if ok, err := op.admit(ctx, page.Len()); !ok {
		return nil, err
	}
	page.Completeness = op.view.Completeness(decidedBy(ctx))
	if op.presence != nil {
		var people []directory.Node
		for _, c := range page.Nodes() {
			people = append(people, c.Owner, c.User)
		}
		r.expectPresence(ctx, people...)
	}
	return page, nil
}

// orderOr gives the order that was asked for, or the usual one: by name.
func orderOr[O any](o *O) O {
	if o == nil {
		return *new(O)
	}
	return *o
}
