package httpapi

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// Outcome is the outcome of an operation and, if the operation was refused, the reason.
type Outcome uint8

// The outcomes. Each greater one is worse. Those from OutcomeRefused on, one for each reason, are refusals because of the request.
const (
	OutcomeOK      Outcome = iota // complete
	OutcomePartial                // a source's data is missing, or older than required
	OutcomeRefused                // because of the request, for any other reason

	OutcomeTimedOut = OutcomeRefused + Outcome(len(refusalReasons)) // its time was over
	OutcomeCanceled = OutcomeTimedOut + 1                           // the client disconnected
	OutcomeFailed   = OutcomeTimedOut + 2                           // an internal error
	numOutcomes     = OutcomeTimedOut + 3
)

// refusalReasons are the reasons of refusals: an error code in lower case or, for LIMIT_EXCEEDED, the name of the limit.
var refusalReasons = [...]string{
	"other",
	"bad_request", "graphql_parse_failed", "graphql_validation_failed", "bad_user_input", "introspection_disabled", "forbidden_origin",
	"unauthenticated", "forbidden", "writes_unavailable",
	"document_not_trusted", "persisted_query_not_found", "persisted_query_not_supported",
	"tokens", "depth", "fields", "aliases", "directives", "root_fields", "fragments", "pairs", "cost", "variables_bytes", "variables_depth", "list_items", "errors",
	"body_bytes", "body_time", "min_rate", "answer_bytes", "stream_operations",
	"requests", "caller_operations", "caller_share", "anonymous_share", "operations", "running_cost", "large_bodies", "pending_answer_bytes", "streams", "exports",
}

// Outcomes are all outcomes.
var Outcomes = func() (all [numOutcomes]Outcome) {
	for i := range all {
		all[i] = Outcome(i)
	}
	return all
}()

func (o Outcome) refused() bool { return o >= OutcomeRefused && o < OutcomeTimedOut }

// String returns the name of the outcome.
func (o Outcome) String() string {
	switch {
	case o.refused():
		return "refused"
	case o >= OutcomeTimedOut:
		return [...]string{"timed_out", "canceled", "failed"}[o-OutcomeTimedOut]
	}
	return [...]string{"ok", "partial"}[o]
}

// Reason returns the reason of a refusal: the code of its error in lower case or, for LIMIT_EXCEEDED, the name of the limit. It is empty for other outcomes.
func (o Outcome) Reason() string {
	if !o.refused() {
		return ""
	}
	return refusalReasons[o-OutcomeRefused]
}

// outcomeOf returns the outcome of an answer, from the codes of its errors.
func outcomeOf(ctx context.Context, resp *graphql.Response) Outcome {
	switch err := ctx.Err(); {
	case errors.Is(err, context.DeadlineExceeded):
		return OutcomeTimedOut
	case err != nil:
		return OutcomeCanceled
	case resp == nil:
		return OutcomeFailed
	}
	return outcomeOfAnswer(resp)
}

// outcomeOfAnswer returns the outcome of an operation whose context has not ended.
func outcomeOfAnswer(resp *graphql.Response) Outcome {
	inExtensions, _ := resp.Extensions["sources"].(gqlerror.List) // the errors of sources, if they are reported there
	return max(outcomeOfErrors(resp.Errors), outcomeOfErrors(inExtensions))
}

func outcomeOfErrors(errs gqlerror.List) (worst Outcome) {
	for _, e := range errs {
		worst = max(worst, outcomeOfError(e.Extensions))
	}
	return worst
}

// outcomeOfError returns the outcome of an operation with an error.
func outcomeOfError(extensions map[string]any) Outcome {
	code, _ := extensions["code"].(string)
	switch {
	case strings.HasPrefix(code, "SOURCE_"), code == "ONLY_IF_CACHED":
		return OutcomePartial
	case code == codeTimeout:
		return OutcomeTimedOut
	case code == codeInternal, code == codeLogUnavailable, code == codeUnavailable:
		return OutcomeFailed
	case code == codeLimit:
		code, _ = extensions["limit"].(string)
	}
	return OutcomeRefused + Outcome(max(0, slices.Index(refusalReasons[:], strings.ToLower(code)))) //nolint:gosec // there are few
}

// outcomeRecorder is a ResponseWriter that records the outcome of a request in which no operation began.
type outcomeRecorder interface{ RecordOutcome(Outcome) }

// recordOutcome records why a request is refused.
func recordOutcome(w http.ResponseWriter, errs gqlerror.List) {
	if recorder, ok := w.(outcomeRecorder); ok {
		recorder.RecordOutcome(outcomeOfErrors(errs))
	}
}
