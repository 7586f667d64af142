package resolvers

import (
	"context"
	"slices"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/edits"
)

func editRequest(ctx context.Context, reason string, key *string, dryRun bool) edits.Request {
	return edits.Request{Request: request(ctx, "", key, dryRun), Reason: reason}
}

// edited returns the answer to an edit, with the directory of now.
func (r *Resolver) edited(ctx context.Context, res edits.Result, err error) (*model.IdentityEditPayload, error) {
	if err != nil {
		return nil, err
	}
	d := r.after(ctx)
	out := &model.IdentityEditPayload{Outcome: model.Outcome(res.Outcome), People: []*directory.User{}, Shown: res.Shown, UserErrors: userErrors(res.Errors)}
	if res.Edit == nil {
		return out, nil
	}
	out.Edit = identityEdit(d, res.Edit)
	for _, ref := range slices.Concat(res.Edit.Accounts, res.Edit.From) {
		if u := d.UserByAccount(ref); u != nil && !slices.Contains(out.People, u) {
			out.People = append(out.People, u)
		}
	}
	return out, nil
}

// identityEdits returns a page of edits, with their accounts as far as a directory has them.
func identityEdits(d *directory.Directory, page *edits.Page) *model.IdentityEditConnection {
	out := &model.IdentityEditConnection{Edges: []*model.IdentityEditEdge{}, Nodes: []*model.IdentityEdit{}, TotalCount: page.Total,
		PageInfo: directory.PageInfo{HasNextPage: page.More, HasPreviousPage: page.Earlier}}
	for _, e := range page.Edits {
		node := identityEdit(d, e)
		out.Nodes = append(out.Nodes, node)
		out.Edges = append(out.Edges, &model.IdentityEditEdge{Node: *node, Cursor: e.Cursor()})
	}
	if n := len(out.Edges); n > 0 {
		out.PageInfo.StartCursor, out.PageInfo.EndCursor = directory.Text(out.Edges[0].Cursor), directory.Text(out.Edges[n-1].Cursor)
	}
	return out
}

func identityEdit(d *directory.Directory, e *edits.Edit) *model.IdentityEdit {
	return &model.IdentityEdit{
		ID: e.ID, Kind: model.IdentityEditKind(e.Kind), Accounts: editAccounts(d, e.Accounts), From: editAccounts(d, e.From), InForce: e.Undone == nil,
		Made: *identityDecision(&e.Made), Undone: identityDecision(e.Undone),
	}
}

func editAccounts(d *directory.Directory, refs []connectors.Ref) []*model.IdentityEditAccount {
	out := make([]*model.IdentityEditAccount, len(refs))
	for i, ref := range refs {
		out[i] = &model.IdentityEditAccount{AccountID: directory.AccountID(ref), Source: ref.Source, ExternalID: ref.ID, Account: d.AccountOf(ref)}
	}
	return out
}

func identityDecision(a *edits.Act) *model.IdentityDecision {
	if a == nil {
		return nil
	}
	out := &model.IdentityDecision{At: a.At, Reason: a.Reason}
	if a.By != "" {
		out.By = &a.By
	}
	return out
}
