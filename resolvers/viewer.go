package resolvers

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/connectors"
	"roster/graph/model"
	"roster/internal/access"
	"roster/internal/address"
	"roster/internal/directory"
	"roster/internal/names"
)

// viewer returns the caller.
func (r *Resolver) viewer(d *directory.Directory, p *access.Principal) *model.Viewer {
	v := &model.Viewer{Scopes: p.Scopes, Ask: r.viewerAccount}
	if p.Subject != "" {
		v.Subject = &p.Subject
	}
	if p.Email != "" {
		v.User = d.UserByEmail(p.Email)
	}
	return v
}

// selves are the caller's accounts in sources, by the caller's own tokens. An operation asks each source once.
type selves struct {
	mu    sync.Mutex
	asked map[string]func() (connectors.Account, error)
}

func (s *selves) ask(source string, ask func() (connectors.Account, error)) (connectors.Account, error) {
	s.mu.Lock()
	if s.asked == nil {
		s.asked = make(map[string]func() (connectors.Account, error))
	}
	once, ok := s.asked[source]
	if !ok {
		once = sync.OnceValues(ask)
		s.asked[source] = once
	}
	s.mu.Unlock()
	return once()
}

// viewerAccount returns the account to which the caller's token for a source belongs: see model.Viewer.
func (r *Resolver) viewerAccount(ctx context.Context, name *string, kind connectors.KindName) (*model.ViewerAccount, error) {
	tokens, op := access.SourceTokensOf(ctx), operationOf(ctx)
	if !tokens.Any() {
		return nil, nil //nolint:nilnil // the caller has sent no token
	}
	source, err := r.telling(op.view.Directory, name, kind)
	if err != nil {
		return nil, err
	}
	token := tokens.For(source.Name, source.Kind)
	if token == "" {
		return nil, nil //nolint:nilnil // as above
	}
	if op.onlyCached {
		return nil, &gqlerror.Error{Message: fmt.Sprintf("source %s was not asked for the owner of the token", source.Name),
			Extensions: map[string]any{"code": codeOnlyIfCached, "source": source.Name}}
	}
	account, err := op.selves.ask(source.Name, func() (connectors.Account, error) {
		return r.Publisher.Source(source.Name).Self.Self(ctx, token)
	})
	if err != nil {
		return nil, selfError(source.Name, err)
	}
	v := &model.ViewerAccount{
		Source: source, ExternalID: account.ID, Name: cmp.Or(names.Clean(account.Name), account.ID),
		Title: orNil(names.Clean(account.Title)), Department: orNil(names.Clean(account.Department)),
		AccessLevel: account.Access,
	}
	for _, e := range account.Emails {
		if parsed := address.Parse(e.Address); len(parsed) > 0 {
			v.Email = &parsed[0].Shown
			break
		}
	}
	v.Account = accountIn(op.view.Directory, connectors.Ref{Source: source.Name, ID: account.ID})
	return v, nil
}

// telling returns the source that can identify the owner of a token: the source with the name, or the only one of the kind.
func (r *Resolver) telling(d *directory.Directory, name *string, kind connectors.KindName) (*directory.Source, error) {
	var found []*directory.Source
	for _, s := range d.Sources() {
		if c := r.Publisher.Source(s.Name); c != nil && c.Self != nil && (name == nil || *name == s.Name) && (kind == "" || kind == s.Kind) {
			found = append(found, s)
		}
	}
	switch {
	case len(found) == 1:
		return found[0], nil
	case len(found) > 1:
		return nil, &directory.InputError{Argument: "source", Message: "several sources can identify the owner of a token: name one"}
	}
	return nil, &directory.InputError{Argument: "source", Message: "no such source can identify the owner of a token"}
}

// accountIn returns an account in the directory; nil if there is none.
func accountIn(d *directory.Directory, ref connectors.Ref) directory.Account {
	u := d.UserByAccount(ref)
	if u == nil {
		return nil
	}
	for _, a := range u.Accounts {
		if core := a.Core(); core.Source.Name == ref.Source && core.ExternalID == ref.ID {
			return a
		}
	}
	return nil
}

func selfError(source string, err error) error {
	e, ok := errors.AsType[*connectors.Error](err)
	if !ok {
		return err
	}
	ext := map[string]any{"code": codeSourceUnavailable, "source": source, "reason": model.SourceErrorCode(e.Kind)}
	if e.RetryAfter > 0 {
		ext["retryAfter"] = int(math.Ceil(e.RetryAfter.Seconds()))
	}
	return &gqlerror.Error{Message: fmt.Sprintf("source %s did not identify the owner of the token: %s", source, reason(e)), Extensions: ext}
}

// orNil returns a text; nil if there is none.
func orNil(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
