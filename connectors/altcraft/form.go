package altcraft

import (
	"encoding/json"
	"encoding/xml"
	"errors"

	"roster/connectors/decode"
	"roster/connectors/rest"
)

// form is how requests and answers are written.
type form struct {
	name, mediaType string
	encode          func(usersListRequest) ([]byte, error)
	// decode reads an answer. Its errors are *connectors.Error of KindBadResponse.
	decode func(*rest.Response) (decode.Value, error)
}

// The vendor takes and gives both. Its own examples of XML contradict each other, so that JSON is what is spoken unless the operator says otherwise.
var (
	jsonForm = &form{
		name: "json", mediaType: "application/json",
		encode: func(q usersListRequest) ([]byte, error) { return json.Marshal(q) },
		decode: (*rest.Response).Document,
	}
	xmlForm = &form{
		name: "xml", mediaType: "application/xml",
		encode: func(q usersListRequest) ([]byte, error) { return xml.Marshal(xmlUsersListRequest{usersListRequest: q}) },
		decode: readXML,
	}
)

// formNamed returns the form by the word that the configuration and the vendor use for it; empty means JSON.
func formNamed(name string) (*form, error) {
	switch name {
	case "", jsonForm.name:
		return jsonForm, nil
	case xmlForm.name:
		return xmlForm, nil
	}
	return nil, errors.New("format: must be json or xml")
}

// other returns the form that was not asked for.
func (f *form) other() *form {
	if f == jsonForm {
		return xmlForm
	}
	return jsonForm
}

// userList reads an answer of users/list.
func (f *form) userList(r *rest.Response) (userList, error) {
	answer, err := f.decode(r)
	if err != nil {
		return userList{}, err
	}
	return userListOf(r, answer)
}
