package resolvers

import (
	"context"

	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/writes"
)

func (r *contactFolderResolver) Contacts(ctx context.Context, obj *directory.ContactFolder, first *int, after *string, last *int, before *string, filter *directory.ContactFilter, orderBy *directory.ContactOrder) (*directory.ContactConnection, error) {
	args := directory.PageArgs{First: first, After: after, Last: last, Before: before}
	return r.contactPage(ctx, func(d *directory.Directory) (*directory.ContactConnection, error) {
		return d.ContactsIn(obj, filter, orderOr(orderBy), args)
	})
}

func (r *mutationResolver) CreateContact(ctx context.Context, input model.CreateContactInput) (*model.CreateContactPayload, error) {
	res, err := r.Writer.CreateContact(ctx, request(ctx, input.Source, input.IdempotencyKey, input.DryRun), writes.CreateContact{
		Name: input.Name, Email: input.Email, Title: input.Title, FolderID: input.FolderID, Phones: contactPhones(input.Phones), Addresses: input.Addresses,
	})
	if err != nil {
		return nil, err
	}
	return &model.CreateContactPayload{
		Outcome: model.Outcome(res.Outcome), Contact: found(res, r.after(ctx).ContactOf), WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors),
	}, nil
}

func (r *mutationResolver) CreateContactFolder(ctx context.Context, input model.CreateContactFolderInput) (*model.CreateContactFolderPayload, error) {
	res, err := r.Writer.CreateContactFolder(ctx, request(ctx, input.Source, input.IdempotencyKey, input.DryRun), input.Name)
	if err != nil {
		return nil, err
	}
	return &model.CreateContactFolderPayload{
		Outcome: model.Outcome(res.Outcome), ContactFolder: found(res, r.after(ctx).FolderOf), WouldSend: res.WouldSend, UserErrors: userErrors(res.Errors),
	}, nil
}

func (r *queryResolver) Contact(ctx context.Context, id string) (*directory.Contact, error) {
	c, err := operationOf(ctx).view.Directory.ContactByID(id)
	if c != nil {
		r.prefetchPresence(ctx, c.Owner, c.User)
	}
	return orGone(ctx, id, c, err)
}

func (r *queryResolver) ContactFolder(ctx context.Context, id string) (*directory.ContactFolder, error) {
	f, err := operationOf(ctx).view.Directory.FolderByID(id)
	return orGone(ctx, id, f, err)
}

func (r *queryResolver) Contacts(ctx context.Context, first *int, after *string, last *int, before *string, filter *directory.ContactFilter, orderBy *directory.ContactOrder) (*directory.ContactConnection, error) {
	args := directory.PageArgs{First: first, After: after, Last: last, Before: before}
	return r.contactPage(ctx, func(d *directory.Directory) (*directory.ContactConnection, error) {
		return d.Contacts(filter, orderOr(orderBy), args)
	})
}

func (r *queryResolver) ContactFolders(ctx context.Context, first *int, after *string, last *int, before *string, filter *directory.ContactFolderFilter) (*directory.ContactFolderConnection, error) {
	page, err := operationOf(ctx).view.Directory.ContactFolders(filter, directory.PageArgs{First: first, After: after, Last: last, Before: before})
	return listPage(ctx, page, err)
}

func (r *contactResolver) Provenance(ctx context.Context, obj *directory.Contact, fields []string) ([]*directory.FieldProvenance, error) {
	sight, d := sightOf(ctx, "Contact"), operationOf(ctx).view.Directory
	return provenance("Contact", fields, func(field string) *directory.FieldProvenance { return d.ProvenanceOfContact(obj, field, sight) }), nil
}

func (r *Resolver) Contact() generated.ContactResolver { return &contactResolver{r} }

type contactResolver struct{ *Resolver }

func (r *Resolver) ContactFolder() generated.ContactFolderResolver { return &contactFolderResolver{r} }

type contactFolderResolver struct{ *Resolver }
