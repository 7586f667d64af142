package webhook

import (
	"encoding/json"
	"time"

	"roster/internal/changes"
)

// Types of messages.
const (
	// TypeChanged is the type of a message with changes.
	TypeChanged = "directory.changed"
	// TypeReset is the type of a message that tells the receiver to read everything anew.
	TypeReset = "directory.reset"
	// TypeTest is the type of a message that an operator sends by hand.
	TypeTest = "webhook.test"
)

// Reasons of a message of TypeReset.
const (
	// ReasonStarted means that nothing was delivered before, or that it is not known up to where.
	ReasonStarted = "STARTED"
	// ReasonExpired means that the log no longer has what follows the last message.
	ReasonExpired = "CURSOR_EXPIRED"
	// ReasonLost means that the message before was not delivered in time, and is a dead letter.
	ReasonLost = "MESSAGE_LOST"
	// ReasonSettings means that the settings of the webhook select another receiver, or other changes.
	ReasonSettings = "SETTINGS_CHANGED"
)

// Reasons are all reasons of a reset.
var Reasons = []string{ReasonStarted, ReasonExpired, ReasonLost, ReasonSettings}

// mostBytes is the length of the changes in one message, unless one change alone is longer. Standard Webhooks advises that a payload stay below 20 kB.
const mostBytes = 16 << 10

// message is what one request has. Its ID is the same for each attempt.
type message struct {
	id   string
	body []byte
}

// envelope is the form of each payload.
type envelope struct {
	Type      string    `json:"type"`
	Timestamp time.Time `json:"timestamp"`
	Data      any       `json:"data"`
}

type changedData struct {
	// Cursor is that of the last change.
	Cursor  string            `json:"cursor"`
	Changes []json.RawMessage `json:"changes"`
}

type resetData struct {
	Reason string `json:"reason"`
	// Cursor is where the changes go on.
	Cursor string `json:"cursor"`
}

// change is a change with the same fields as an event of GET /changes.
type change struct {
	Cursor    string   `json:"cursor"`
	At        string   `json:"at"`
	Kind      string   `json:"kind"`
	Action    string   `json:"action"`
	ID        string   `json:"id"`
	RelatedID *string  `json:"relatedId"`
	Label     string   `json:"label"`
	Fields    []string `json:"fields"`
	Reset     bool     `json:"reset"`
}

// kindNames and actionNames are the values of the enums ChangeKind and ChangeAction.
var (
	kindNames = [...]string{changes.User: "USER", changes.Team: "TEAM", changes.Role: "ROLE", changes.Contact: "CONTACT",
		changes.ContactFolder: "CONTACT_FOLDER", changes.Source: "SOURCE"}
	actionNames = [...]string{changes.Added: "ADDED", changes.Updated: "UPDATED", changes.Removed: "REMOVED", changes.Merged: "MERGED", changes.Split: "SPLIT"}
)

// KindNamed returns the kind with a name of the enum ChangeKind.
func KindNamed(name string) (changes.Kind, bool) {
	for k, n := range kindNames {
		if n == name {
			return changes.Kind(k), true
		}
	}
	return 0, false
}

// encode writes a value that can always be written.
func encode(v any) []byte {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// encodeChange writes a change of which the receiver may see these fields.
func encodeChange(e *changes.Event, fields []string) json.RawMessage {
	c := change{Cursor: e.Cursor, At: e.At.UTC().Format(time.RFC3339), Kind: kindNames[e.Kind], Action: actionNames[e.Action], ID: e.ID, Label: e.Label, Fields: fields,
		Reset: e.Reset}
	if e.RelatedID != "" {
		c.RelatedID = &e.RelatedID
	}
	if c.Fields == nil {
		c.Fields = []string{}
	}
	return encode(c)
}

func encodeMessage(kind string, at time.Time, data any) []byte {
	return encode(envelope{Type: kind, Timestamp: at.UTC().Truncate(time.Second), Data: data})
}
