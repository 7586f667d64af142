package sandbox

import (
	"crypto/rand"

	kommo "roster/connectors/kommo/fake"
	worksection "roster/connectors/worksection/fake"

	"roster/connectors"
)

// Authorise has Worksection or Kommo, which must be served, give tokens that are renewed, and gives what an operator is told of that: a refresh
// token is good once. Each call gives another one, and the earlier ones stay good.
func (s *Sandbox) Authorise(kind connectors.KindName) connectors.OAuth {
	first := "sandbox-first-refresh-token-" + rand.Text()
	o := connectors.OAuth{ClientID: "sandbox-client", ClientSecret: "sandbox-client-secret", RedirectURI: "https://roster.example/done",
		RefreshToken: connectors.Secret(first)}
	if kind == Worksection {
		s.Worksection.Update(func(d *worksection.Data) {
			d.Application = &worksection.Application{ClientID: o.ClientID, Secret: o.ClientSecret.Reveal(), RedirectURI: o.RedirectURI}
			d.Grants = append(d.Grants, worksection.Grant{Value: first})
		})
		return o
	}
	s.Kommo.Update(func(d *kommo.Data) {
		d.Integration = &kommo.Integration{ClientID: o.ClientID, Secret: o.ClientSecret.Reveal(), RedirectURI: o.RedirectURI}
		d.Grants = append(d.Grants, kommo.Grant{Value: first, UserID: d.Tokens[0].UserID, Admin: true})
	})
	return o
}

// EndTokens has Worksection or Kommo, which must be served, refuse all access tokens that it has given so far.
func (s *Sandbox) EndTokens(kind connectors.KindName) {
	if kind == Worksection {
		s.Worksection.RevokeAccess()
		return
	}
	s.Kommo.RevokeAccess()
}
