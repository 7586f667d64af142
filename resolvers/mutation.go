package resolvers

import (
	"context"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/directory"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// request returns the common part of all writes: from the input and the caller.
func request(ctx context.Context, source string, key *string, dryRun bool) writes.Request {
	r := writes.Request{Source: source, Key: key, DryRun: dryRun, Method: string(access.ByNothing)}
	if p := access.FromContext(ctx); p != nil {
		r.Caller, r.Method = p.Subject, string(p.Method)
	}
	return r
}

// after returns the directory after a write, and makes it the operation's. A mutation's field and all fields below it use that directory. The fields of a
// mutation are resolved one after another, each with everything below it, so nothing else uses the operation meanwhile.
func (r *Resolver) after(ctx context.Context) *directory.Directory {
	op := operationOf(ctx)
	results, waited := loadCollections(ctx, r.Keeper, r.Publisher.Keys(op.required), snapshot.Requirement{})
	op.setView(ctx, r.Publisher.View(ctx, results, waited))
	op.statuses = statuses{}
	return op.view.Directory
}

// found looks up the object of a write, and returns the zero value if there is none, or if it no longer exists.
func found[T any](res writes.Result, of func(connectors.Ref) T) (object T) {
	if res.Ref != nil {
		object = of(*res.Ref)
	}
	return object
}

func userErrors(errs []writes.UserError) []*model.UserError {
	out := make([]*model.UserError, len(errs))
	for i, e := range errs {
		out[i] = &model.UserError{Field: e.Field, Message: e.Message, Code: model.UserErrorCode(e.Code)}
	}
	return out
}

func contactPhones(in []*model.PhoneInput) []connectors.Phone {
	var out []connectors.Phone
	for _, p := range in {
		out = append(out, connectors.Phone{Raw: p.Number, Kind: p.Kind})
	}
	return out
}

// subscribe subscribes a user to a task, or with off unsubscribes them.
func (r *Resolver) subscribe(ctx context.Context, in *model.SubscribeToTaskInput, off bool) (writes.Result, *directory.User, error) {
	res, user, err := r.Writer.SubscribeToTask(ctx, request(ctx, in.Source, nil, in.DryRun), writes.Subscribe{
		TaskID: in.TaskID, Off: off, Who: in.User,
		User: func(d *directory.Directory) (*directory.User, error) { return r.lookUpUser(d, in.User) },
	})
	if err != nil {
		return writes.Result{}, nil, err
	}
	d := r.after(ctx)
	if user != nil {
		user, _ = d.User(user.ID) // the same person in the new directory
	}
	return res, user, nil
}

// capabilitiesOf lists what a source can do besides listing its records.
func capabilitiesOf(s *connectors.Source) []model.SourceCapability {
	capabilities := []model.SourceCapability{}
	if s == nil {
		return capabilities
	}
	for _, c := range []struct {
		is   bool
		name model.SourceCapability
	}{
		{s.Presence != nil, model.SourceCapabilityPresence}, {s.UserInviter != nil, model.SourceCapabilityInviteUser},
		{s.TeamCreator != nil, model.SourceCapabilityCreateTeam}, {s.ContactCreator != nil, model.SourceCapabilityCreateContact},
		{s.ContactFolderCreator != nil, model.SourceCapabilityCreateContactFolder}, {s.TaskSubscriber != nil, model.SourceCapabilityTaskSubscriptions},
	} {
		if c.is {
			capabilities = append(capabilities, c.name)
		}
	}
	return capabilities
}
