package directory

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"roster/internal/echo"
)

// idKind is the first byte of a decoded ID. It names the object's type.
type idKind byte

const (
	userID       idKind = 'U'
	accountID    idKind = 'A'
	teamID       idKind = 'T'
	teamNameID   idKind = 't' // a team of which the source only mentions the name
	roleID       idKind = 'R'
	contactID    idKind = 'C'
	folderID     idKind = 'F'
	folderNameID idKind = 'f' // a folder of which the source only mentions the name
	sourceID     idKind = 'S'
)

// idSep separates the source from the record's own ID. The name of a source cannot contain it.
const idSep = "/"

var idKindNames = map[idKind]struct{ name, one string }{
	userID: {"User", "a User"}, accountID: {"Account", "an Account"}, teamID: {"Team", "a Team"}, teamNameID: {"Team", "a Team"},
	roleID: {"Role", "a Role"}, contactID: {"Contact", "a Contact"}, folderID: {"ContactFolder", "a ContactFolder"},
	folderNameID: {"ContactFolder", "a ContactFolder"}, sourceID: {"Source", "a Source"},
}

// encodeID returns a global ID. It is opaque, and every replica makes the same ID for the same record.
func encodeID(kind idKind, source, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(kind) + source + idSep + id))
}

// decodeID is the inverse of encodeID. It returns false for text that encodeID did not produce.
var idEncoding = base64.RawURLEncoding.Strict()

func decodeID(s string) (kind idKind, source, id string, ok bool) {
	var room [64]byte
	b, err := idEncoding.AppendDecode(room[:0], []byte(s))
	if err != nil || len(b) < 2 || strings.ContainsAny(s, "\r\n") { // the decoder skips line breaks
		return 0, "", "", false
	}
	kind = idKind(b[0])
	if _, known := idKindNames[kind]; !known {
		return 0, "", "", false
	}
	source, id, ok = strings.Cut(string(b[1:]), idSep)
	return kind, source, id, ok
}

// decodeIDOf decodes the ID of an object of one of these kinds. For any other text it returns an InputError.
func decodeIDOf(argument, s string, wanted ...idKind) (source, id string, err error) {
	kind, source, id, ok := decodeID(s)
	switch {
	case !ok:
		return "", "", &InputError{argument, echo.Quoted(s) + " is not an ID of this graph"}
	case !slices.Contains(wanted, kind):
		is, not := idKindNames[kind].one, idKindNames[wanted[0]].one
		return "", "", &InputError{argument, fmt.Sprintf("%s is the ID of %s, not of %s", echo.Quoted(s), is, not)}
	}
	return source, id, nil
}

// TypeOf returns the GraphQL type of an ID's object, or "" if id is not an ID. For the account of every source it returns Account.
func TypeOf(id string) string {
	kind, _, _, ok := decodeID(id)
	if !ok {
		return ""
	}
	return idKindNames[kind].name
}
