package writes

import (
	"encoding/json"
	"errors"

	"roster/connectors"
)

// Outcome is the result of a write.
type Outcome string

// The outcomes of a write.
const (
	Done        Outcome = "DONE"         // the source executed the write
	AlreadyDone Outcome = "ALREADY_DONE" // the state existed already; nothing changed
	Checked     Outcome = "CHECKED"      // all checks passed, and nothing was sent
	Rejected    Outcome = "REJECTED"     // nothing changed
	Unknown     Outcome = "UNKNOWN"      // it is unknown whether something changed
)

// Code is the reason for an error of the input.
type Code string

// The codes of errors.
const (
	Invalid      Code = "INVALID"
	NotFound     Code = "NOT_FOUND"
	Exists       Code = "ALREADY_EXISTS"
	NotSupported Code = "NOT_SUPPORTED"
	Refused      Code = "REFUSED_BY_SOURCE"
	Mismatch     Code = "IDEMPOTENCY_MISMATCH"
	// Contradiction is for edits of the identity rules only.
	Contradiction Code = "CONTRADICTION"
)

// UserError is an error that the caller can correct. It contains no text from the source.
type UserError struct {
	Field   []string `json:"field,omitempty"` // from the outside in; nil if no single field is the reason
	Code    Code     `json:"code"`
	Message string   `json:"message"`
}

// Result is the answer to a write.
type Result struct {
	Outcome Outcome
	// Ref is the record that was created or existed already; nil for none.
	Ref *connectors.Ref
	// WouldSend is what would be sent to the source; nil unless the write is a dry run.
	WouldSend json.RawMessage
	Errors    []UserError
}

// ErrUnavailable reports that nothing was sent, because the state of writes cannot be stored now.
var ErrUnavailable = errors.New("writes are not possible for the moment, and nothing was sent: what they must remember cannot be stored; try again later")

func rejected(errs ...UserError) Result { return Result{Outcome: Rejected, Errors: errs} }

// neverFetched returns the answer if the source's collection has never been fetched.
func neverFetched() Result {
	return rejected(UserError{input("source"), Refused,
		"what the source has could not be read yet, so that nobody can tell whether it is there; nothing was sent: try again later"})
}

// mismatched reports that a key was used with a different input.
func mismatched(r Result) bool { return len(r.Errors) > 0 && r.Errors[0].Code == Mismatch }

// input returns the path of an input field.
func input(path ...string) []string { return append([]string{"input"}, path...) }

// refusal describes, in Roster's words, why a source refused a write or could not be asked.
func refusal(e *connectors.Error) UserError {
	switch {
	case e.Input == "taskId" || e.Input == "user":
		return UserError{input(e.Input), NotFound, "the source does not know it"}
	case e.Input != "":
		return UserError{input(e.Input), Invalid, "the source does not take it"}
	}
	switch e.Kind {
	case connectors.KindInvalid:
		return UserError{nil, Refused, "the source found something wrong with it and does not say what; nothing changed"}
	case connectors.KindConflict:
		return UserError{nil, Exists, "the source says that there is one already"}
	case connectors.KindUnsupported:
		return UserError{input("source"), NotSupported, "the source cannot do that"}
	case connectors.KindUnauthorized:
		return UserError{input("source"), Refused, "the source does not accept the server's credential; nothing changed"}
	case connectors.KindForbidden:
		return UserError{input("source"), Refused, "the server's credential has no right to do that in the source; nothing changed"}
	case connectors.KindNotFound:
		return UserError{nil, Refused, "the source does not know what it is about; nothing changed"}
	case connectors.KindRateLimited:
		return UserError{input("source"), Refused, "the source takes no more calls for now; nothing changed: try again later"}
	case connectors.KindUnavailable, connectors.KindTimeout, connectors.KindBadResponse:
	}
	if e.Undone() {
		return UserError{input("source"), Refused, "the source cannot be reached; nothing changed: try again later"}
	}
	return UserError{input("source"), Refused, "the source has not done it, as its data show; nothing changed: try again"}
}

// permanent reports whether a retry would hardly get another answer. A status code alone may come from a proxy in front of the source, or from a wrong
// address.
func permanent(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindConflict:
		return e.Undone() && !e.Unsent
	case connectors.KindInvalid, connectors.KindUnsupported, connectors.KindNotFound:
		return e.Undone() && !e.Unsent && (e.Code != "" || e.Input != "")
	default:
		return false
	}
}

// unknownOutcome returns the answer if the outcome is unknown.
func unknownOutcome(why string) Result {
	return Result{Outcome: Unknown, Errors: []UserError{{input("source"), Refused, why +
		" It may have been done. Ask again with the same input, and the same idempotency key if there was one: that is settled first, and nothing is done twice."}}}
}
