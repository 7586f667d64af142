package altcraft

import (
	"bytes"
	"encoding/json"
	"strconv"

	"roster/internal/rest"
)

// usersListRequest is the body of users/list. The token is a plain string here: a connectors.Secret would be sent as <redacted>.
type usersListRequest struct {
	Token     string `json:"token" xml:"token"`
	Format    string `json:"format" xml:"format"`
	AccountID int64  `json:"account_id" xml:"account_id"`
}

// verdict is the part of the envelope that tells success from failure. The code is documented as a number and known to be null.
type verdict struct {
	Error *rest.Scalar `json:"error"`
}

// code gives the envelope's code; ok is false where there is none, or none that is a number.
func (v verdict) code() (code int, ok bool) {
	if v.Error == nil {
		return 0, false
	}
	code, err := strconv.Atoi(string(*v.Error))
	if err != nil {
		return 0, false
	}
	return code, true
}

// userList is the envelope of users/list.
type userList struct {
	Data       users        `json:"data"`
	TotalCount *rest.Scalar `json:"total_count"`
}

// expected gives total_count, or nil where it is not told; ok is false where it says something that is no count at all.
func (l userList) expected() (count *int, ok bool) {
	if l.TotalCount == nil {
		return nil, true
	}
	n, err := strconv.Atoi(string(*l.TotalCount))
	if err != nil || n < 0 {
		return nil, false
	}
	return &n, true
}

// users are the rows. No page says how an account without users looks, so every way of writing "nothing" is taken for it: an empty
// array, an empty object, null, or no data at all.
type users []user

// UnmarshalJSON takes an array of users or any empty shape; an object with something in it is refused.
func (u *users) UnmarshalJSON(b []byte) error {
	*u = nil
	if b[0] == '{' && len(bytes.TrimSpace(b[1:len(b)-1])) == 0 {
		return nil
	}
	var rows []user
	if err := json.Unmarshal(b, &rows); err != nil {
		return err
	}
	*u = rows
	return nil
}

// user is one row. There is no ID: the username, unique within its account, is all there is.
type user struct {
	Username    rest.Scalar `json:"username"`
	FirstName   string      `json:"first_name"`
	LastName    string      `json:"last_name"`
	Email       string      `json:"email"`
	NotifyEmail string      `json:"notify_email"`
	Phone       rest.Scalar `json:"phone"` // "" or null when there is none
	Lang        string      `json:"lang"`
	Active      *bool       `json:"active"` // missing in no documented reply, yet not promised
	Master      bool        `json:"master"`
}
