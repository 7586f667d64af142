package model

import (
	"context"

	"roster/connectors"
	"roster/connectors/worksection"
	"roster/internal/directory"
)

// Viewer is the caller.
type Viewer struct {
	Subject *string
	Scopes  []string
	User    *directory.User
	// Ask returns the account to which the caller's token for a source belongs; nil if the caller has sent no token for it. The source is the one
	// with the name, or if that is nil the only one of the kind. An empty kind means any kind.
	Ask func(ctx context.Context, source *string, kind connectors.KindName) (*ViewerAccount, error)
}

// ViewerAccount is the caller's account in a source, by the caller's own token.
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
