package fake

import (
	"cmp"
	"slices"
	"strconv"
)

// index finds the rows. It is made once for each Update, and answers are written from it without a lock.
type index struct {
	data      Data
	tokens    map[string]Token
	groups    map[int64]Group
	users     map[string]int // positions in data, by ID
	roles     map[string]int
	contacts  map[string]int
	holders   map[int64][]int64 // the users of a role
	byID      []Contact
	byUpdated []Contact
}

func newIndex(d *Data) *index {
	x := &index{
		data:     *d,
		tokens:   make(map[string]Token, len(d.Tokens)),
		groups:   make(map[int64]Group, len(d.Groups)),
		users:    make(map[string]int, len(d.Users)),
		roles:    make(map[string]int, len(d.Roles)),
		contacts: make(map[string]int, len(d.Contacts)),
		holders:  make(map[int64][]int64, len(d.Roles)),
	}
	// What is changed later must not show in answers that are being written.
	x.data.Groups, x.data.Roles = slices.Clone(d.Groups), slices.Clone(d.Roles)
	x.data.Users, x.data.Contacts = slices.Clone(d.Users), slices.Clone(d.Contacts)
	for _, t := range d.Tokens {
		x.tokens[t.Value] = t
	}
	for _, g := range d.Groups {
		x.groups[g.ID] = g
	}
	for i, u := range d.Users {
		x.users[key(u.ID)] = i
		x.holders[u.RoleID] = append(x.holders[u.RoleID], u.ID)
	}
	for i, r := range d.Roles {
		x.roles[key(r.ID)] = i
	}
	for i, c := range d.Contacts {
		x.contacts[key(c.ID)] = i
	}
	x.byID = sorted(x.data.Contacts, func(c Contact) int64 { return c.ID })
	x.byUpdated = sorted(x.data.Contacts, func(c Contact) int64 { return c.UpdatedAt })
	return x
}

// key is an ID as a path has it.
func key(id int64) string { return strconv.FormatInt(id, 10) }

func sorted(contacts []Contact, key func(Contact) int64) []Contact {
	out := slices.Clone(contacts)
	slices.SortStableFunc(out, func(a, b Contact) int { return cmp.Compare(key(a), key(b)) })
	return out
}
