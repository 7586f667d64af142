package altcraft

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"slices"
	"strconv"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// maxDepth is far more than an answer needs, the elements included that a later version may add.
const maxDepth = 16

// maxChildren is how many elements are kept that an element has in it: more than are read. Users in a row count as one.
const maxChildren = 2000

// xmlUsersListRequest is the body of users/list in XML.
type xmlUsersListRequest struct {
	XMLName xml.Name `xml:"xml"`
	usersListRequest
}

// element is an element of an answer with what is in it.
type element struct {
	name string
	text []byte // its own, without that of the elements in it
	// children are the elements in it. Of users that follow each other, it is the last.
	children []*element
	// users are those in it as the items of a JSON array, written as each ends: as elements, a long list would take many times its length.
	users bytes.Buffer
}

var (
	errEncoding = errors.New("another encoding than UTF-8")
	errDoctype  = errors.New("a document type declaration")
	errShape    = errors.New("not one document with the root xml")
)

// readXML returns an answer as the vendor would have given it in JSON, so that one way of reading serves both. Entities of the answer's own making
// are never expanded, since no declaration is taken.
func readXML(r *rest.Response) (decode.Value, error) {
	d := xml.NewDecoder(bytes.NewReader(readable(decode.SkipMarks(r.Body))))
	d.CharsetReader = func(string, io.Reader) (io.Reader, error) { return nil, errEncoding }
	root, err := readElements(d)
	if err == nil {
		var text []byte
		if text, err = json.Marshal(root.value()); err == nil {
			return decode.JSON(bytes.ReplaceAll(text, []byte(string(unreadable)), []byte(unreadableInJSON)))
		}
	}
	detail := "not XML, or cut off, at byte " + strconv.FormatInt(d.InputOffset(), 10)
	for _, own := range []error{errEncoding, errDoctype, errShape} {
		if errors.Is(err, own) {
			detail = "not the XML that was expected: " + own.Error()
		}
	}
	e := r.Fail(connectors.KindBadResponse, detail)
	e.Err = err
	return decode.Value{}, e
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
				if err := d.Skip(); err != nil { // nobody reads so deep
					return nil, err
				}
				continue
			}
			path = append(path, &element{name: t.Name.Local})
		case xml.EndElement:
			path = path[:len(path)-1]
			if err := path[len(path)-1].add(inner); err != nil {
				return nil, err
			}
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

// add takes an element that has ended. One that follows another user takes its place.
func (e *element) add(child *element) error {
	last := len(e.children) - 1
	again := child.name == "user" && last >= 0 && e.children[last].name == "user"
	switch {
	case again:
		e.children[last] = child
	case len(e.children) < maxChildren:
		e.children = append(e.children, child)
	}
	if e.name != "data" || child.name != "user" {
		return nil
	}
	text, err := json.Marshal(child.value())
	if err != nil {
		return err
	}
	if e.users.Len() > 0 {
		e.users.WriteByte(',')
	}
	e.users.Write(text)
	return nil
}

// value returns the element as JSON has it: an object of the elements in it, the last of each name, or else a text, which is empty if XML writes
// null. Users in data are a list, be it one of them, or none.
func (e *element) value() any {
	if len(e.children) == 0 && (e.name != "data" || len(bytes.TrimSpace(e.text)) > 0) {
		return string(e.text)
	}
	if e.name == "data" && !slices.ContainsFunc(e.children, func(c *element) bool { return c.name != "user" }) {
		return json.RawMessage("[" + e.users.String() + "]")
	}
	fields := make(map[string]any, len(e.children))
	for _, c := range e.children {
		fields[c.name] = c.value()
	}
	return fields
}
