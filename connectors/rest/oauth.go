package rest

import (
	"errors"
	"strings"

	"roster/connectors"
)

// CheckOAuth returns the faults of settings for tokens that are renewed, each with its key. Vendors differ in whether they need a redirect_uri.
func CheckOAuth(o *connectors.OAuth, needsRedirect bool) error {
	var errs []error
	for _, s := range []struct {
		key, value string
		needed     bool
	}{
		{"client_id", o.ClientID, true}, {"client_secret", o.ClientSecret.Reveal(), true}, {"redirect_uri", o.RedirectURI, needsRedirect},
	} {
		if s.needed && strings.TrimSpace(s.value) == "" {
			errs = append(errs, errors.New("oauth."+s.key+": required"))
		}
	}
	if (o.RefreshToken == "") == (o.Code == "") {
		errs = append(errs, errors.New("oauth.refresh_token: give either this or oauth.code"))
	}
	if o.URL != "" {
		if _, err := parseBase(o.URL); err != nil {
			errs = append(errs, errors.New("oauth.url: "+err.Error()))
		}
	}
	return errors.Join(errs...)
}
