package sandbox

import (
	"slices"

	rocketchat "roster/connectors/rocketchat/fake"
)

// Turnover has people leave Rocket.Chat and come to it, between two of its answers, and gives the IDs of all who are then there.
func (s *Sandbox) Turnover(leaves func(id string) bool, come ...string) (there []string) {
	s.RocketChat.Update(func(d *rocketchat.Data) {
		d.Users = slices.DeleteFunc(slices.Clone(d.Users), func(u rocketchat.User) bool { return leaves(u.ID) })
		for _, id := range come {
			d.Users = append(d.Users, rocketchat.User{ID: id, Username: id, Roles: []string{"user"}})
		}
		for _, u := range d.Users {
			there = append(there, u.ID)
		}
	})
	return there
}
