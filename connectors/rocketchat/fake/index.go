package fake

import (
	"cmp"
	"slices"
	"strings"
)

// index finds rows without looking at all of them. It is made once after each change.
type index struct {
	users  []User
	byID   map[string]int
	byName map[string]int
	teams  map[string]int // by ID and by name
	lists  map[listing][]int
}

// listing is one order of the users that some callers see.
type listing struct {
	order      string
	privileged bool
}

func (s *Server) indexed() *index {
	if s.index != nil {
		return s.index
	}
	x := &index{
		users: s.data.Users, byID: make(map[string]int, len(s.data.Users)), byName: make(map[string]int, len(s.data.Users)),
		teams: make(map[string]int), lists: make(map[listing][]int),
	}
	for i, u := range s.data.Users {
		x.byID[u.ID] = i
		if u.Username != "" {
			x.byName[u.Username] = i
		}
	}
	for i, t := range s.data.Teams {
		x.teams["name "+t.Name], x.teams["id "+t.ID] = i, i
	}
	s.index = x
	return x
}

func (x *index) user(id string) *User {
	if i, ok := x.byID[id]; ok {
		return &x.users[i]
	}
	return nil
}

// forget drops the orders that a change of that field spoils.
func (x *index) forget(field string) {
	for l := range x.lists {
		if strings.Contains(l.order, field) {
			delete(x.lists, l)
		}
	}
}

// list gives the users in that order whom the caller sees: those whose registration has come as far as a name, or as an address where
// the caller may see addresses.
func (x *index) list(order []sortKey, privileged bool) []int {
	key := listing{privileged: privileged}
	for _, k := range order {
		key.order += k.field
		if k.down {
			key.order += " down"
		}
		key.order += ","
	}
	if l, ok := x.lists[key]; ok {
		return l
	}
	l := make([]int, 0, len(x.users))
	for i, u := range x.users {
		if u.Username != "" || u.Name != "" || (privileged && len(u.Emails) > 0) {
			l = append(l, i)
		}
	}
	slices.SortStableFunc(l, func(i, j int) int {
		for _, k := range order {
			c := k.compare(&x.users[i], &x.users[j])
			if k.down {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	x.lists[key] = l
	return l
}

// sortKey is one field of an order.
type sortKey struct {
	field string
	down  bool
}

// compare treats fields that users do not have as equal, as a database does.
func (k sortKey) compare(a, b *User) int {
	switch k.field {
	case "_id":
		return strings.Compare(a.ID, b.ID)
	case "username":
		return strings.Compare(a.Username, b.Username)
	case "name", "nameInsensitive":
		return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name))
	case "status":
		return cmp.Or(strings.Compare(a.status(), b.status()), activeFirst(a, b))
	case "active":
		return activeFirst(a, b)
	}
	return 0
}

func activeFirst(a, b *User) int {
	switch {
	case a.Deactivated == b.Deactivated:
		return 0
	case a.Deactivated:
		return 1
	}
	return -1
}

func (u *User) status() string { return orElse(u.Status, "offline") }
