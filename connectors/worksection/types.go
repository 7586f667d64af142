package worksection

import (
	"encoding/json"

	"roster/internal/rest"
)

// envelope is what every answer is wrapped in, without the data, which are decoded once the answer is known to be good.
type envelope struct {
	Status  string      `json:"status"`
	Code    rest.Scalar `json:"status_code"`
	Message rest.Scalar `json:"message"`
	// Details names a field with some errors, and repeats what was sent with others. What else it may hold is not known.
	Details json.RawMessage `json:"message_details"`
	// ErrorDescription stands in the place of Message where a token is refused, in newer answers.
	ErrorDescription rest.Scalar `json:"errorDescription"`
}

// person is what members and contacts share. Older accounts lack url, services, contacts and the date.
type person struct {
	ID        rest.Scalar `json:"id"`
	FirstName string      `json:"first_name"`
	LastName  string      `json:"last_name"`
	Name      string      `json:"name"`
	Title     string      `json:"title"`
	URL       string      `json:"url"`
	Group     *string     `json:"group"` // the name of a member's team or of a contact's folder
	Email     string      `json:"email"`
	Phone     string      `json:"phone"`  // main
	Phone2    string      `json:"phone2"` // office
	Phone3    string      `json:"phone3"` // mobile
	Phone4    string      `json:"phone4"` // home
	Address   string      `json:"address"`
	Address2  string      `json:"address2"`
	DateAdded string      `json:"date_added"` // as the samples spell it
	DataAdded string      `json:"data_added"` // as the list of fields spells it
}

// member is a row of get_users.
type member struct {
	person

	Services   services    `json:"services"`
	Contacts   string      `json:"contacts"`
	Rate       rest.Scalar `json:"rate"`
	Avatar     string      `json:"avatar"`
	Department string      `json:"department"`
	Role       *string     `json:"role"`
}

// group is a row of get_user_groups. Its type is the same word in every row.
type group struct {
	ID     rest.Scalar `json:"id"`
	Title  string      `json:"title"`
	Client rest.Scalar `json:"client"`
}

// contactGroup is a row of get_contact_groups. IDs of presets are numbers, the others strings.
type contactGroup struct {
	ID    rest.Scalar `json:"id"`
	Title string      `json:"title"`
	Type  string      `json:"type"`
}

// services are a member's names elsewhere. PHP writes an empty object as an array, here and in both of its parts.
type services struct {
	Chats   handles `json:"chats"`
	Socials handles `json:"socials"`
}

// UnmarshalJSON takes whatever is not an object for none.
func (s *services) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return nil
	}
	type plain services
	return json.Unmarshal(b, (*plain)(s))
}

// handles maps a service to a name on it.
type handles map[string]string

// UnmarshalJSON takes whatever is not an object for none, and leaves out what is not a name: which services there are, and what they
// hold, is not documented, and an ornament must not cost the list.
func (h *handles) UnmarshalJSON(b []byte) error {
	if b[0] != '{' {
		return nil
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(b, &raw); err != nil {
		return err
	}
	*h = make(handles, len(raw))
	for service, v := range raw {
		var name rest.Scalar
		if json.Unmarshal(v, &name) == nil {
			(*h)[service] = string(name)
		}
	}
	return nil
}
