package sandbox

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"time"

	"roster/connectors"
	kommo "roster/connectors/kommo/fake"
	rocketchat "roster/connectors/rocketchat/fake"
	worksection "roster/connectors/worksection/fake"
)

// Rename gives the first person of Worksection, which must be served, another first name, as somebody there might at any time.
func (s *Sandbox) Rename(firstName string) {
	s.Worksection.Update(func(d *worksection.Data) { d.Users[0].FirstName, d.Users[0].Name = firstName, "" })
}

// GiveTitle gives n users of Worksection, which must be served, the same title, all between two of its answers. From is the number of the first of them; after
// the last user comes the first. It returns their IDs.
func (s *Sandbox) GiveTitle(from, n int, title string) (ids []string) {
	s.Worksection.Update(func(d *worksection.Data) {
		for i := range min(n, len(d.Users)) {
			u := &d.Users[(from+i)%len(d.Users)]
			u.Title = title
			ids = append(ids, u.ID)
		}
	})
	return ids
}

// NameTeam gives Worksection, which must be served, a team without members, or renames the one that it was given before.
func (s *Sandbox) NameTeam(title string) {
	const id = "990001"
	s.Worksection.Update(func(d *worksection.Data) {
		if i := slices.IndexFunc(d.Groups, func(g worksection.Group) bool { return g.ID == id }); i >= 0 {
			d.Groups[i].Title = title
			return
		}
		d.Groups = append(d.Groups, worksection.Group{ID: id, Title: title})
	})
}

// Stir makes a few random changes to the users of Worksection, which must be served: others' names and addresses, users who go and come. The first one gets
// this first name.
func (s *Sandbox) Stir(dice *rand.Rand, firstName string) {
	s.Worksection.Update(func(d *worksection.Data) {
		for range 1 + dice.IntN(5) {
			u := 1 + dice.IntN(len(d.Users)-1)
			switch dice.IntN(4) {
			case 0:
				d.Users[u].FirstName, d.Users[u].Name = fmt.Sprintf("Another%d", dice.IntN(100)), ""
			case 1: // the user may no longer be the person in another system
				d.Users[u].Email = fmt.Sprintf("n%d@example.org", dice.IntN(1000))
			case 2:
				s.gone = append(s.gone, d.Users[u])
				d.Users = slices.Concat(d.Users[:u], d.Users[u+1:])
			default:
				if len(s.gone) > 0 {
					d.Users, s.gone = append(d.Users, s.gone[0]), s.gone[1:]
				}
			}
		}
		d.Users[0].FirstName, d.Users[0].Name = firstName, ""
	})
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

// Cut has Worksection, which must be served, cut the connection of the next call of an action: before it has done anything, or after it has.
func (s *Sandbox) Cut(action string, after bool) {
	s.Worksection.Configure(func(k *worksection.Options) {
		cut := worksection.CutBefore
		if after {
			cut = worksection.CutAfter
		}
		var done atomic.Bool
		k.OnCut = func(a string, _ int) worksection.Cut {
			if a != action || done.Swap(true) {
				return worksection.CutNever
			}
			return cut
		}
	})
}

// Lag has Worksection's lists not show what is made for so long.
func (s *Sandbox) Lag(lag time.Duration) {
	s.Worksection.Configure(func(k *worksection.Options) { k.ListLag = lag })
}

// MakeDuplicates has Worksection make a second one of whatever it is asked for twice.
func (s *Sandbox) MakeDuplicates() {
	s.Worksection.Configure(func(k *worksection.Options) { k.Duplicates = worksection.DuplicatesMade })
}

// AddTask gives Worksection a task.
func (s *Sandbox) AddTask(id string) {
	s.Worksection.Update(func(d *worksection.Data) { d.Tasks = append(d.Tasks, worksection.Task{ID: id}) })
}

// Held counts what Worksection holds of a name or address: members, teams, contacts, contact folders and subscriptions.
func (s *Sandbox) Held(name string) (n int) {
	d := s.Worksection.Holds()
	for _, u := range d.Users {
		n += one(u.Email == name)
	}
	for _, g := range d.Groups {
		n += one(g.Title == name)
	}
	for _, c := range d.Contacts {
		n += one(c.Email == name)
	}
	for _, g := range d.ContactGroups {
		n += one(g.Title == name)
	}
	for _, t := range d.Tasks {
		for _, a := range t.Subscribers {
			n += one(t.ID+" "+a == name)
		}
	}
	return n
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// Refuse has Worksection answer an action that changes something with an error; a code of 0 ends that.
func (s *Sandbox) Refuse(action string, code int, message, details string) {
	s.Worksection.Configure(func(k *worksection.Options) {
		k.Refuse = nil
		if code != 0 {
			k.Refuse = map[string]worksection.Refusal{action: {Code: code, Message: message, Details: details}}
		}
	})
}

// AddContact gives Kommo, which must be served, another contact, and returns its ID.
func (s *Sandbox) AddContact(name string) (id int64) {
	s.Kommo.Update(func(d *kommo.Data) {
		for _, c := range d.Contacts {
			id = max(id, c.ID)
		}
		id++
		d.Contacts = append(d.Contacts, kommo.Contact{ID: id, Name: name, CreatedAt: time.Now().Unix(), UpdatedAt: time.Now().Unix()})
	})
	return id
}

// The IDs of the custom fields that GiveFields gives: a date, a number, and a choice of several.
const (
	SinceField     = "91777"
	RatingField    = "91778"
	InterestsField = "91779"
)

// GiveFields gives a contact of Kommo custom fields, each of another type. It does not change the time of the contact's last change.
func (s *Sandbox) GiveFields(id int64, since time.Time, rating float64, interests ...any) {
	s.Kommo.Update(func(d *kommo.Data) {
		for i := range d.Contacts {
			if d.Contacts[i].ID == id {
				d.Contacts[i].Fields = []kommo.Field{
					{ID: 91_777, Name: "Customer since", Type: "date", Values: []any{since.Unix()}},
					{ID: 91_778, Name: "Rating", Type: "numeric", Values: []any{rating}},
					{ID: 91_779, Name: "Interests", Type: "multiselect", Values: interests},
				}
			}
		}
	})
}

// RemoveContact removes a contact from Kommo.
func (s *Sandbox) RemoveContact(id int64) {
	s.Kommo.Update(func(d *kommo.Data) {
		d.Contacts = slices.DeleteFunc(d.Contacts, func(c kommo.Contact) bool { return c.ID == id })
	})
}

// AddUser gives Rocket.Chat, which must be served, another user.
func (s *Sandbox) AddUser(id, name string) {
	s.RocketChat.Update(func(d *rocketchat.Data) {
		d.Users = append(d.Users, rocketchat.User{ID: id, Username: id, Name: name})
	})
}

// DeactivateUser deactivates a user in Rocket.Chat, which must be served.
func (s *Sandbox) DeactivateUser(id string) {
	s.RocketChat.Update(func(d *rocketchat.Data) {
		for i := range d.Users {
			if d.Users[i].ID == id {
				d.Users[i].Deactivated = true
			}
		}
	})
}
