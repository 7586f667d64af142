package resolvers

import (
	"context"
	"time"

	"roster/connectors"
	"roster/graph/generated"
	"roster/graph/model"
	"roster/internal/directory"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

func (r *mutationResolver) RefreshSource(ctx context.Context, input model.RefreshSourceInput) (*model.RefreshSourcePayload, error) {
	res, startsAt := r.Writer.RefreshSource(ctx, request(ctx, input.Source, nil, false), writes.Refresh{Collections: input.Collections, AcceptLoss: input.AcceptLoss, Force: input.Force})
	return &model.RefreshSourcePayload{
		Outcome: model.Outcome(res.Outcome), StartsAt: known(startsAt), Source: r.after(ctx).SourceNamed(input.Source), UserErrors: userErrors(res.Errors),
	}, nil
}

func (r *queryResolver) Sources(ctx context.Context) ([]*directory.Source, error) {
	return operationOf(ctx).view.Directory.Sources(), nil
}

func (r *sourceResolver) State(ctx context.Context, obj *directory.Source) (snapshot.State, error) {
	state := snapshot.Fresh
	for _, st := range r.statusesOf(ctx, obj) {
		state = max(state, st.State)
	}
	return state, nil
}

func (r *sourceResolver) Collections(ctx context.Context, obj *directory.Source) ([]*model.SourceCollection, error) {
	out := make([]*model.SourceCollection, 0, len(connectors.AllCollections))
	for _, st := range r.statusesOf(ctx, obj) {
		out = append(out, r.sourceCollection(st))
	}
	return out, nil
}

func (r *sourceResolver) Breaker(ctx context.Context, obj *directory.Source) (connectors.BreakerState, error) {
	if s := r.Publisher.Source(obj.Name); s != nil && s.Health != nil {
		return s.Health().Breaker, nil
	}
	return connectors.BreakerClosed, nil
}

func (r *sourceResolver) Pause(ctx context.Context, obj *directory.Source) (*model.SourcePause, error) {
	s := r.Publisher.Source(obj.Name)
	if s == nil || s.Health == nil {
		return nil, nil
	}
	return sourcePause(s.Health(), time.Now()), nil
}

func (r *sourceResolver) Capabilities(ctx context.Context, obj *directory.Source) ([]model.SourceCapability, error) {
	return capabilitiesOf(r.Publisher.Source(obj.Name)), nil
}

func (r *sourceResolver) Credential(ctx context.Context, obj *directory.Source) (*model.SourceCredential, error) {
	s := r.Publisher.Source(obj.Name)
	if s == nil || s.Credential == nil {
		return nil, nil
	}
	return sourceCredential(s.Credential()), nil
}

func (r *sourceResolver) Coverage(ctx context.Context, obj *directory.Source) ([]*model.FieldCoverage, error) {
	return r.coverageOf(ctx, obj), nil
}

func (r *Resolver) Source() generated.SourceResolver { return &sourceResolver{r} }

type sourceResolver struct{ *Resolver }
