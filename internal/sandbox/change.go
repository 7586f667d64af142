package sandbox

import (
	"slices"

	"roster/connectors"
	rocketchat "roster/connectors/rocketchat/fake"
	worksection "roster/connectors/worksection/fake"
)

// Rename gives the first person of Worksection, which must be served, another first name, as somebody there might at any time.
func (s *Sandbox) Rename(firstName string) {
	s.Worksection.Update(func(d *worksection.Data) { d.Users[0].FirstName, d.Users[0].Name = firstName, "" })
}

// LesserCredential has Rocket.Chat, which must be served, take another token, which sees neither addresses nor teams.
func (s *Sandbox) LesserCredential() connectors.Secret {
	const token = "sandbox-lesser-token"
	s.RocketChat.Update(func(d *rocketchat.Data) {
		lesser := d.Credentials[0]
		lesser.Token = token
		lesser.Permissions = slices.DeleteFunc(slices.Clone(lesser.Permissions), func(p rocketchat.Permission) bool {
			return p == rocketchat.ViewFullOtherUser || p == rocketchat.ViewAllTeams
		})
		d.Credentials = append(d.Credentials, lesser)
	})
	return token
}
