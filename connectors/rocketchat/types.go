package rocketchat

import "encoding/json"

// user is a row of users.list. Which keys there are differs between versions and callers: all but _id may be missing.
type user struct {
	ID           string          `json:"_id"`
	Username     string          `json:"username"`
	Name         string          `json:"name"`
	Emails       *[]email        `json:"emails"`
	Type         string          `json:"type"`
	Active       *bool           `json:"active"`
	Roles        *[]string       `json:"roles"`
	LastLogin    json.RawMessage `json:"lastLogin"`
	UTCOffset    *float64        `json:"utcOffset"`
	AvatarETag   string          `json:"avatarETag"`
	CustomFields json.RawMessage `json:"customFields"`
}

type email struct {
	Address  string `json:"address"`
	Verified *bool  `json:"verified"`
}

// numbers is what each page of a list says of its rows.
type numbers struct {
	Count  *int `json:"count"` // of these rows
	Offset *int `json:"offset"`
	Total  *int `json:"total"`
}

// users is the answer of users.list.
type users struct {
	numbers

	Users *[]user `json:"users"`
}

// role is a row of roles.list.
type role struct {
	ID          string `json:"_id"`
	Name        string `json:"name"`
	Description string `json:"description"`
	Scope       string `json:"scope"`
}

type roles struct {
	Roles *[]role `json:"roles"`
}

// team is a row of teams.listAll.
type team struct {
	ID   string `json:"_id"`
	Name string `json:"name"`
}

type teams struct {
	numbers

	Teams *[]team `json:"teams"`
}

// member is a row of teams.members. The user's settings, which the row gives away, are not even read.
type member struct {
	User struct {
		ID string `json:"_id"`
	} `json:"user"`
}

type members struct {
	numbers

	Members *[]member `json:"members"`
}

// presences is the answer of users.presence.
type presences struct {
	Users *[]presence `json:"users"`
	Full  bool        `json:"full"`
}

type presence struct {
	ID         string `json:"_id"`
	Status     string `json:"status"`
	StatusText string `json:"statusText"`
}
