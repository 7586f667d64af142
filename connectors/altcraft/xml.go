package altcraft

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/internal/rest"
)

// maxDepth is far more than an answer needs, the elements included that a later version may add.
const maxDepth = 16

// xmlUsersListRequest is the body of users/list in XML.
type xmlUsersListRequest struct {
	XMLName xml.Name `xml:"xml"`
	usersListRequest
}

// element is an element of an answer with what is in it.
type element struct {
	name     string
	text     []byte // its own, without that of the elements in it
	children []*element
}

var (
	errEncoding = errors.New("another encoding than UTF-8")
	errDoctype  = errors.New("a document type declaration")
	errDepth    = errors.New("nested too deeply")
	errShape    = errors.New("not one document with the root xml")
)

// readXML gives the root of an answer. Entities of the answer's own making are never expanded, since no declaration is taken.
func readXML(r *rest.Response) (*element, *connectors.Error) {
	d := xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(r.Body, []byte("\ufeff"))))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	root, err := readElements(d)
	if err == nil {
		return root, nil
	}
	detail := "not XML, or cut off, at byte " + strconv.FormatInt(d.InputOffset(), 10)
	for _, own := range []error{errEncoding, errDoctype, errDepth, errShape} {
		if errors.Is(err, own) {
			detail = "not the XML that was expected: " + own.Error()
		}
	}
	e := r.Fail(connectors.KindBadResponse, detail)
	e.Err = err
	return nil, e
}

func readElements(d *xml.Decoder) (*element, error) {
	document := new(element)
	path := []*element{document}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		inner := path[len(path)-1]
		switch t := token.(type) {
		case xml.StartElement:
			if len(path) > maxDepth {
				return nil, errDepth
			}
			e := &element{name: t.Name.Local}
			inner.children = append(inner.children, e)
			path = append(path, e)
		case xml.EndElement:
			path = path[:len(path)-1]
		case xml.CharData:
			inner.text = append(inner.text, t...)
		case xml.Directive:
			return nil, errDoctype
		}
	}
	if len(document.children) != 1 || document.children[0].name != "xml" || len(bytes.TrimSpace(document.text)) > 0 {
		return nil, errShape
	}
	return document.children[0], nil
}

// fields gives the elements in e by their names, the last of each name, as JSON has it.
func (e *element) fields() map[string]*element {
	fields := make(map[string]*element, len(e.children))
	for _, c := range e.children {
		fields[c.name] = c
	}
	return fields
}

// wrong is a fault in a field, by the field's name.
type wrong struct{ field string }

func (w wrong) Error() string { return "unexpected type in field " + w.field }

// textOf gives a field's text, empty where there is no such field or nothing in it, which is how XML writes null.
func textOf(fields map[string]*element, name string) (string, error) {
	f := fields[name]
	switch {
	case f == nil:
		return "", nil
	case len(f.children) > 0:
		return "", wrong{name}
	}
	return string(f.text), nil
}

// scalarOf gives what the envelope says in a field; nil where it says nothing.
func scalarOf(fields map[string]*element, name string) (*rest.Scalar, error) {
	text, err := textOf(fields, name)
	if text = strings.TrimSpace(text); err != nil || text == "" {
		return nil, err
	}
	return new(rest.Scalar(text)), nil
}

// boolOf gives a field that says yes or no, which are the words true and false by the vendor's sample; nil where it says nothing.
func boolOf(fields map[string]*element, name string) (*bool, error) {
	text, err := textOf(fields, name)
	if err != nil {
		return nil, err
	}
	switch strings.ToLower(strings.TrimSpace(text)) {
	case "":
		return nil, nil //nolint:nilnil // nothing is said, and nothing is wrong
	case "true", "1":
		return new(true), nil
	case "false", "0":
		return new(false), nil
	}
	return nil, wrong{name}
}

func verdictOf(root *element) (v verdict, err error) {
	v.Error, err = scalarOf(root.fields(), "error")
	return v, err
}

// userListOf gives the envelope of users/list. One user is a list like many; an element with nothing in it, or none, is an account without users.
func userListOf(root *element) (list userList, err error) {
	fields := root.fields()
	if list.TotalCount, err = scalarOf(fields, "total_count"); err != nil {
		return userList{}, err
	}
	data := fields["data"]
	if data == nil {
		return list, nil
	}
	if len(bytes.TrimSpace(data.text)) > 0 {
		return userList{}, wrong{"data"}
	}
	for _, row := range data.children {
		if row.name != "user" || len(bytes.TrimSpace(row.text)) > 0 {
			return userList{}, wrong{"data"}
		}
		u, err := userOf(row.fields())
		if err != nil {
			return userList{}, fmt.Errorf("data: %w", err)
		}
		list.Data = append(list.Data, u)
	}
	return list, nil
}

func userOf(fields map[string]*element) (u user, err error) {
	var username, phone string
	for name, into := range map[string]*string{
		"username": &username, "first_name": &u.FirstName, "last_name": &u.LastName, "email": &u.Email, "notify_email": &u.NotifyEmail,
		"phone": &phone, "lang": &u.Lang,
	} {
		if *into, err = textOf(fields, name); err != nil {
			return user{}, err
		}
	}
	u.Username, u.Phone = rest.Scalar(username), rest.Scalar(phone)
	if u.Active, err = boolOf(fields, "active"); err != nil {
		return user{}, err
	}
	master, err := boolOf(fields, "master")
	u.Master = master != nil && *master
	return u, err
}
