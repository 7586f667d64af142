package fake

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// person is a row of get_users and get_contacts. A field that is nil or empty and may be absent is left out.
type person struct {
	ID         any     `json:"id"`
	FirstName  string  `json:"first_name"`
	LastName   string  `json:"last_name"`
	Name       string  `json:"name"`
	Title      string  `json:"title"`
	URL        string  `json:"url,omitempty"`
	Services   any     `json:"services,omitempty"`
	Contacts   string  `json:"contacts,omitempty"`
	DateAdded  string  `json:"date_added,omitempty"`
	DataAdded  string  `json:"data_added,omitempty"`
	Rate       any     `json:"rate,omitempty"`
	Avatar     *string `json:"avatar,omitempty"`
	Group      string  `json:"group"`
	Department *string `json:"department,omitempty"`
	Role       *string `json:"role,omitempty"`
	Email      string  `json:"email,omitempty"`
	Phone      string  `json:"phone,omitempty"`
	Phone2     string  `json:"phone2,omitempty"`
	Phone3     string  `json:"phone3,omitempty"`
	Phone4     string  `json:"phone4,omitempty"`
	Address    string  `json:"address,omitempty"`
	Address2   string  `json:"address2,omitempty"`
}

type group struct {
	ID     any    `json:"id"`
	Title  string `json:"title"`
	Type   string `json:"type"`
	Client int    `json:"client"`
}

type contactGroup struct {
	ID    any    `json:"id"`
	Title string `json:"title"`
	Type  string `json:"type"`
}

func (k Options) person(p Person) person {
	row := person{
		ID: k.id(p.ID), FirstName: p.FirstName, LastName: p.LastName, Name: p.Name, Title: p.Title, Group: p.Group, Email: p.Email,
		Phone: p.Phone, Phone2: p.Phone2, Phone3: p.Phone3, Phone4: p.Phone4, Address: p.Address, Address2: p.Address2,
	}
	if row.Name == "" {
		row.Name = strings.TrimSpace(p.FirstName + " " + p.LastName)
	}
	if k.Older {
		return row
	}
	row.URL, row.Contacts = p.URL, p.Contacts
	if k.MisspelledDates {
		row.DataAdded = p.DateAdded
	} else {
		row.DateAdded = p.DateAdded
	}
	switch {
	case len(p.Chats)+len(p.Socials) > 0:
		row.Services = k.services(p)
	case k.ServicesAsArray:
		row.Services = []string{}
	}
	return row
}

// services is an object of two objects. With the option, either of them is an array when it is empty, as it is in PHP.
func (k Options) services(p Person) any {
	part := func(m map[string]string) any {
		switch {
		case len(m) > 0:
			return m
		case k.ServicesAsArray:
			return []string{}
		}
		return struct{}{}
	}
	return map[string]any{"chats": part(p.Chats), "socials": part(p.Socials)}
}

func (k Options) user(u User) person {
	row := k.person(u.Person)
	if row.Email == "" {
		row.Email = fmt.Sprintf("%s@%s.worksection.com", u.ID, u.ID)
	}
	avatar := u.Avatar
	if avatar == "" {
		avatar = "https://worksection.com/images/user/0m.gif"
	}
	role := u.Role
	if k.CapitalRoles && role != "" {
		role = strings.ToUpper(role[:1]) + role[1:]
	}
	row.Avatar, row.Department, row.Role = &avatar, &u.Department, &role
	switch {
	case u.Rate == nil:
	case k.RatesAsText:
		row.Rate = strconv.FormatFloat(*u.Rate, 'f', -1, 64)
	default:
		row.Rate = *u.Rate
	}
	return row
}

func (k Options) contact(c Contact) person { return k.person(c.Person) }

func (k Options) group(g Group) group {
	client := 0
	if g.Client {
		client = 1
	}
	return group{ID: k.id(g.ID), Title: g.Title, Type: "company", Client: client}
}

func (k Options) contactGroup(g ContactGroup) contactGroup {
	if !g.Preset {
		return contactGroup{ID: k.id(g.ID), Title: g.Title, Type: "folder"}
	}
	k.NumericIDs = !k.TextPresetIDs
	return contactGroup{ID: k.id(g.ID), Title: g.Title, Type: "preset"}
}

// id is text, or a number where the option says so and it is one.
func (k Options) id(s string) any {
	if k.NumericIDs {
		if n, err := strconv.ParseUint(s, 10, 64); err == nil {
			return n
		}
	}
	return s
}

// list answers with rows, each converted by row, within the limit on their number.
func list[T, W any](k Options, rows []T, row func(T) W) []byte {
	if limit := k.maxRows(); limit > 0 && len(rows) > limit {
		if !k.CutRows {
			return failure(3, fmt.Sprintf("Too many records (%d max)", limit))
		}
		rows = rows[:limit]
	}
	answer := map[string]any{"status": "ok"}
	if len(rows) > 0 || !k.NoEmptyData {
		data := make([]W, len(rows))
		for i, r := range rows {
			data[i] = row(r)
		}
		answer["data"] = data
	}
	return encode(answer)
}

func failure(code int, message string) []byte {
	return encode(map[string]any{"status": "error", "status_code": code, "message": message})
}

func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic("fake: " + err.Error()) // only for a rate that is no number, which is the caller's mistake
	}
	return b
}
