package connectors

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
)

// Creator creates records of one kind in a source. A call is sent once, and only with the consent that its context asks for. After an error, call
// Undone to find out whether the record may exist all the same. Errors are *Error. Safe for concurrent use.
type Creator[I any, R Record] interface {
	// Terms say what the source takes. What is beyond them must not be sent.
	Terms() Terms
	// Preview returns what Create would send.
	Preview(I) Preview
	// Create makes the record and returns it as the source's list will show it, as far as the source tells. If the source has one of that
	// name or address, it may give that one, make a second, or refuse: no vendor documents it.
	Create(context.Context, I) (R, error)
}

// The capabilities to make something, one for each kind of records.
type (
	// UserInviter invites people: the source sends them a message.
	UserInviter Creator[Invitation, Account]
	// TeamCreator makes teams.
	TeamCreator Creator[NewTeam, Team]
	// ContactCreator writes entries of the address book; nobody is told.
	ContactCreator Creator[NewContact, Contact]
	// ContactFolderCreator makes folders for contacts.
	ContactFolderCreator Creator[NewContactFolder, ContactFolder]
)

// TaskSubscriber has people told, or no longer told, of what happens to a task. Doing either twice does no harm. Errors are *Error. Safe
// for concurrent use.
type TaskSubscriber interface {
	Terms() Terms
	Preview(Subscription) Preview
	// Subscribe makes it so that the user is told, or with Off is not.
	Subscribe(context.Context, Subscription) error
	// Subscribed asks the source whether the user is told. If it does not say, that is an error.
	Subscribed(context.Context, Subscription) (bool, error)
}

// Invitation says whom to invite, as what.
type Invitation struct {
	Email      string
	FirstName  string
	LastName   string
	Title      string
	Team       *TeamRef // nil for the source's own choice
	Department string
	Access     AccessLevel // AccessNone for the source's own choice
}

// NewTeam is a team to make.
type NewTeam struct {
	Name string
	Kind TeamKind
}

// NewContact is a contact to make.
type NewContact struct {
	Name      string
	Email     string
	Title     string
	Folder    *FolderRef // nil for the source's own choice
	Phones    []Phone    // by Raw and Kind
	Addresses []string
}

// NewContactFolder is a folder to make.
type NewContactFolder struct{ Name string }

// Subscription is a user's being told of a task.
type Subscription struct {
	TaskID string
	Email  string // of the user's account in that source
	Off    bool   // no longer told
}

// Terms are what a source takes in a change.
type Terms struct {
	MaxText      int           // characters of one text
	MaxEmail     int           // characters of an address
	Access       []AccessLevel // of an invitation
	TeamKinds    []TeamKind
	PhoneKinds   []PhoneKind // one number of each
	MaxAddresses int
	TaskID       func(string) bool // whether it can be a task's ID
}

// Preview is what a source would be sent, without credentials and signature.
type Preview struct {
	Op         string            `json:"operation"` // the vendor's name for the call
	Parameters map[string]string `json:"parameters"`
}

// Undone says that a call which was to change something certainly has not: it was never sent, or the source has refused it. Otherwise it
// may have come about, whatever came back.
func (e *Error) Undone() bool {
	if e.Unsent || neverConnected(e.Err) {
		return true
	}
	switch e.Kind {
	case KindUnauthorized, KindForbidden, KindNotFound, KindInvalid, KindConflict, KindRateLimited, KindUnsupported:
		return e.Status != 0
	case KindUnavailable, KindTimeout, KindBadResponse:
	}
	return false
}

// neverConnected says that there was no connection over which anything could have been sent.
func neverConnected(err error) bool {
	if e, ok := errors.AsType[*net.OpError](err); ok && e.Op == "dial" {
		return true
	}
	if _, ok := errors.AsType[*net.DNSError](err); ok {
		return true
	}
	_, ok := errors.AsType[*tls.CertificateVerificationError](err)
	return ok
}
