package directory

import (
	"encoding/base64"
	"fmt"
	"slices"
	"strings"

	"roster/internal/echo"
)

// idKind is the first letter of a decoded ID: which type of object it names.
type idKind byte

const (
	userID       idKind = 'U'
	accountID    idKind = 'A'
	teamID       idKind = 'T'
	teamNameID   idKind = 't' // a team that its source only mentions by name
	roleID       idKind = 'R'
	contactID    idKind = 'C'
	folderID     idKind = 'F'
	folderNameID idKind = 'f' // a folder that its source only mentions by name
	sourceID     idKind = 'S'
)

// idSep stands between the source and the record's own ID: no source's name holds one.
const idSep = "/"

var idKindNames = map[idKind]struct{ name, one string }{
	userID: {"User", "a User"}, accountID: {"Account", "an Account"}, teamID: {"Team", "a Team"}, teamNameID: {"Team", "a Team"},
	roleID: {"Role", "a Role"}, contactID: {"Contact", "a Contact"}, folderID: {"ContactFolder", "a ContactFolder"},
	folderNameID: {"ContactFolder", "a ContactFolder"}, sourceID: {"Source", "a Source"},
}

// encodeID makes a global ID: opaque, and the same on every replica for the same record.
func encodeID(kind idKind, source, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(kind) + source + idSep + id))
}

// decodeID is the inverse of encodeID; ok is false for anything that encodeID did not make.
func decodeID(s string) (kind idKind, source, id string, ok bool) {
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 2 || strings.ContainsAny(s, "\r\n") { // line breaks, which the decoder skips
		return 0, "", "", false
	}
	kind = idKind(b[0])
	if _, known := idKindNames[kind]; !known {
		return 0, "", "", false
	}
	source, id, ok = strings.Cut(string(b[1:]), idSep)
	return kind, source, id, ok
}

// decodeIDOf decodes the ID of an object of one of these kinds, and says what is wrong with any other.
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

// TypeOf gives the GraphQL type that an ID names, Account for any account's; empty where it is no ID.
func TypeOf(id string) string {
	kind, _, _, ok := decodeID(id)
	if !ok {
		return ""
	}
	return idKindNames[kind].name
}
