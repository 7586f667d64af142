package resolvers

import (
	"context"
	"errors"
	"time"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/directory"
)

// lookUpUser returns the person, or nil.
func (r *Resolver) lookUpUser(d *directory.Directory, by model.UserLookup) (*directory.User, error) {
	switch {
	case by.ID != nil:
		u, err := d.User(*by.ID)
		if input, ok := errors.AsType[*directory.InputError](err); ok {
			return nil, &directory.InputError{Argument: "by.id", Message: input.Message}
		}
		return u, err
	case by.Email != nil:
		return d.UserByEmail(*by.Email), nil
	case by.Account != nil:
		if err := d.CheckSource("by.account.source", by.Account.Source); err != nil {
			return nil, err
		}
		return d.UserByAccount(connectors.Ref{Source: by.Account.Source, ID: by.Account.ExternalID}), nil
	}
	return nil, &directory.InputError{Argument: "by", Message: "give exactly one of its fields, and not null"}
}

// accountByID returns an account, or nil if there is none.
func accountByID(ctx context.Context, id string) directory.Account {
	return operationOf(ctx).view.Directory.Account(id)
}

// maxNodes is the greatest number of IDs in an argument of Query.nodes.
const maxNodes = 100

// observedAt returns when the oldest data of an account's source was fetched, in the view of the context's operation; zero if no fetch has seen the account.
func observedAt(ctx context.Context, a *directory.AccountCore) time.Time {
	if !a.Fetched() {
		return time.Time{}
	}
	return operationOf(ctx).view.FetchedAt(setOf(connectors.Accounts), func(source string) bool { return source == a.Source.Name })
}
