package altcraft

import (
	"encoding/json"
	"encoding/xml"
	"errors"

	"roster/connectors"
	"roster/internal/rest"
)

// form is how requests and answers are written.
type form struct {
	name, mediaType string
	encode          func(usersListRequest) ([]byte, error)
	// verdict and userList decode an answer. Their errors are *connectors.Error of KindBadResponse.
	verdict  func(*rest.Response) (verdict, error)
	userList func(*rest.Response) (userList, error)
}

// The vendor takes and gives both. Its own examples of XML contradict each other, so that JSON is what is spoken unless the operator says otherwise.
var (
	jsonForm = &form{
		name: "json", mediaType: "application/json",
		encode:   func(q usersListRequest) ([]byte, error) { return json.Marshal(q) },
		verdict:  func(r *rest.Response) (v verdict, err error) { return v, r.JSON(&v) },
		userList: func(r *rest.Response) (list userList, err error) { return list, r.JSON(&list) },
	}
	xmlForm = &form{
		name: "xml", mediaType: "application/xml",
		encode:   func(q usersListRequest) ([]byte, error) { return xml.Marshal(xmlUsersListRequest{usersListRequest: q}) },
		verdict:  func(r *rest.Response) (verdict, error) { return fromXML(r, verdictOf) },
		userList: func(r *rest.Response) (userList, error) { return fromXML(r, userListOf) },
	}
)

// formNamed gives the form by the word that the configuration and the vendor use for it; empty means JSON.
func formNamed(name string) (*form, error) {
	switch name {
	case "", jsonForm.name:
		return jsonForm, nil
	case xmlForm.name:
		return xmlForm, nil
	}
	return nil, errors.New("format: must be json or xml")
}

// other gives the form that was not asked for.
func (f *form) other() *form {
	if f == jsonForm {
		return xmlForm
	}
	return jsonForm
}

func fromXML[T any](r *rest.Response, decode func(*element) (T, error)) (T, error) {
	root, e := readXML(r)
	if e != nil {
		var none T
		return none, e
	}
	v, err := decode(root)
	if err != nil {
		e = r.Fail(connectors.KindBadResponse, "not the XML that was expected: "+err.Error())
		e.Err = err
		return v, e
	}
	return v, nil
}
