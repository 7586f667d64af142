package writes

import (
	"encoding/json"
	"errors"

	"roster/connectors"
)

// Outcome is what a write did.
type Outcome string

// The outcomes.
const (
	Done        Outcome = "DONE"         // the source did it
	AlreadyDone Outcome = "ALREADY_DONE" // it had been done already; nothing changed
	Checked     Outcome = "CHECKED"      // all is well, and nothing was sent
	Rejected    Outcome = "REJECTED"     // nothing changed
	Unknown     Outcome = "UNKNOWN"      // nobody knows
)

// Code is why an input was refused.
type Code string

// The codes.
const (
	Invalid      Code = "INVALID"
	NotFound     Code = "NOT_FOUND"
	Exists       Code = "ALREADY_EXISTS"
	NotSupported Code = "NOT_SUPPORTED"
	Refused      Code = "REFUSED_BY_SOURCE"
	Mismatch     Code = "IDEMPOTENCY_MISMATCH"
)

// UserError is something that the caller can put right. It holds none of the source's own words.
type UserError struct {
	Field   []string `json:"field,omitempty"` // from the outside in; nil where it is no single one
	Code    Code     `json:"code"`
	Message string   `json:"message"`
}

// Result is what came of a write.
type Result struct {
	Outcome Outcome
	// Ref is the record that was made, or was there; nil where there is none.
	Ref *connectors.Ref
	// WouldSend is what the source would be sent; nil unless only that was asked for.
	WouldSend json.RawMessage
	Errors    []UserError
}

// ErrUnavailable says that nothing was sent, because what writes must remember cannot be written down now.
var ErrUnavailable = errors.New("writes are not possible for the moment, and nothing was sent: what they must remember cannot be stored; try again later")

func rejected(errs ...UserError) Result { return Result{Outcome: Rejected, Errors: errs} }

// neverRead is the answer where there is no reading at all of what the source has.
func neverRead() Result {
	return rejected(UserError{input("source"), Refused,
		"what the source has could not be read yet, so that nobody can tell whether it is there; nothing was sent: try again later"})
}

// mismatched says that a key was used with another input.
func mismatched(r Result) bool { return len(r.Errors) > 0 && r.Errors[0].Code == Mismatch }

// input gives the path of a field of the input.
func input(path ...string) []string { return append([]string{"input"}, path...) }

// refusal says in our words how a source has refused, or could not be asked.
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

// final says whether asking the source again would hardly give another answer. A status alone may come from what stands before the source, as where its
// address is wrong.
func final(e *connectors.Error) bool {
	switch e.Kind {
	case connectors.KindConflict:
		return e.Undone() && !e.Unsent
	case connectors.KindInvalid, connectors.KindUnsupported, connectors.KindNotFound:
		return e.Undone() && !e.Unsent && (e.Code != "" || e.Input != "")
	default:
		return false
	}
}

// unsettled is the answer where nobody knows.
func unsettled(why string) Result {
	return Result{Outcome: Unknown, Errors: []UserError{{input("source"), Refused, why +
		" It may have been done. Ask again with the same input, and the same idempotency key if there was one: that is settled first, and nothing is done twice."}}}
}
