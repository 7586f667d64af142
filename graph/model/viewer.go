package model

import (
	"context"

	"roster/connectors"
	"roster/connectors/worksection"
	"roster/internal/directory"
)

// Viewer is who asks.
type Viewer struct {
	Subject *string
	Scopes  []string
	User    *directory.User
	// Ask asks a source whose the token is that the caller has sent for it; nil if the caller has sent none. The source has that name, or
	// with nil is the only one of that kind; an empty kind is any.
	Ask func(ctx context.Context, source *string, kind connectors.KindName) (*ViewerAccount, error)
}

// ViewerAccount is the caller in the words of one source, by a token of their own.
type ViewerAccount struct {
	Source      *directory.Source
	ExternalID  string
	Name        string
	Email       *string
	Title       *string
	Department  *string
	AccessLevel connectors.AccessLevel
	Account     directory.Account // nil if it has not been fetched
}

// Account returns the caller in a source.
func (v *Viewer) Account(ctx context.Context, source string) (*ViewerAccount, error) {
	return v.Ask(ctx, &source, "")
}

// WorksectionViewer is the caller in the words of Worksection.
type WorksectionViewer struct{ *ViewerAccount }

// Worksection returns the caller in Worksection.
func (v *Viewer) Worksection(ctx context.Context, source *string) (*WorksectionViewer, error) {
	a, err := v.Ask(ctx, source, worksection.Name)
	if a == nil || err != nil {
		return nil, err
	}
	return &WorksectionViewer{a}, nil
}

// Account returns the caller's account in the directory; nil if it has not been fetched.
func (v *WorksectionViewer) Account() *WorksectionAccount {
	a, _ := v.ViewerAccount.Account.(*WorksectionAccount)
	return a
}
