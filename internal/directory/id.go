package directory

import (
	"encoding/base64"
	"strings"
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
	idSep               = "/" // no source's name holds one
	maxIDLen            = 2048
)

var idKindNames = map[idKind]string{
	userID: "User", accountID: "Account", teamID: "Team", teamNameID: "Team", roleID: "Role", contactID: "Contact",
	folderID: "ContactFolder", folderNameID: "ContactFolder", sourceID: "Source",
}

// encodeID makes a global ID: opaque, and the same on every replica for the same record.
func encodeID(kind idKind, source, id string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(string(kind) + source + idSep + id))
}

// decodeID is the inverse of encodeID; ok is false for anything that encodeID did not make.
func decodeID(s string) (kind idKind, source, id string, ok bool) {
	if len(s) > maxIDLen {
		return 0, "", "", false
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(s)
	if err != nil || len(b) < 2 {
		return 0, "", "", false
	}
	kind = idKind(b[0])
	if _, known := idKindNames[kind]; !known {
		return 0, "", "", false
	}
	source, id, ok = strings.Cut(string(b[1:]), idSep)
	return kind, source, id, ok
}

// TypeOf gives the GraphQL type that an ID names, Account for any account's; empty where it is no ID.
func TypeOf(id string) string {
	kind, _, _, ok := decodeID(id)
	if !ok {
		return ""
	}
	return idKindNames[kind]
}
