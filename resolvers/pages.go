package resolvers

import (
	"context"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/roster"
)

// userPage gives a page of people, with what can be said of its completeness. Where the fields below ask for the people's presence, it is
// asked for all of them at once.
func (r *Resolver) userPage(
	ctx context.Context, decidedBy roster.Needs, find func(*directory.Directory) (*directory.UserConnection, error),
) (*directory.UserConnection, error) {
	op := operationOf(ctx)
	page, err := find(op.view.Directory)
	if err != nil {
		return nil, err
	}
	page.Completeness = op.view.Completeness(decidedBy)
	if op.presence != nil && selects(ctx, "presence", "statusText") {
		var refs []connectors.Ref
		for _, u := range page.Nodes() {
			refs = append(refs, r.presenceRefs(u)...)
		}
		op.presence.Expect(ctx, refs)
	}
	return page, nil
}

// usersDecidedBy are the collections that decide who is in a list of people.
func usersDecidedBy(f *directory.UserFilter) roster.Needs {
	n := need(connectors.Accounts)
	if f != nil && (f.Search != nil || len(f.Teams) > 0) {
		n |= teamNeeds
	}
	if f != nil && len(f.Roles) > 0 {
		n |= roleNeeds
	}
	return n
}

func (r *Resolver) contactPage(
	view *roster.View, decidedBy roster.Needs, find func() (*directory.ContactConnection, error),
) (*directory.ContactConnection, error) {
	page, err := find()
	if err != nil {
		return nil, err
	}
	page.Completeness = view.Completeness(decidedBy)
	return page, nil
}

// contactsDecidedBy are the collections that decide what is in a list of contacts.
func contactsDecidedBy(f *directory.ContactFilter) roster.Needs {
	n := need(connectors.Contacts)
	if f != nil && (f.Search != nil || len(f.Folders) > 0) {
		n |= folderNeeds
	}
	if f != nil && len(f.Owners) > 0 {
		n.Add(connectors.Accounts)
	}
	return n
}

// orderOr gives the order that was asked for, or the usual one: by name.
func orderOr[O any](o *O) O {
	if o == nil {
		return *new(O)
	}
	return *o
}
