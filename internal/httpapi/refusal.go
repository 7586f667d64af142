package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/echo"
)

// The codes of what goes wrong on the way, before or after the graph.
const (
	codeBadRequest      = "BAD_REQUEST"
	codeForbiddenOrigin = "FORBIDDEN_ORIGIN"
	codeIntrospection   = "INTROSPECTION_DISABLED"
	codeTimeout         = "TIMEOUT"
	codeLogUnavailable  = "ACCESS_LOG_UNAVAILABLE" // of the graph
)

// refusal is why a request or an operation is not answered.
type refusal struct {
	// status is that of HTTP. Zero means that the request was well-formed and the graph has refused it: then the status depends on the medium.
	status        int
	code, message string
	more          map[string]any // beside the code
	retryAfter    time.Duration
	challenge     string        // the header WWW-Authenticate
	given         gqlerror.List // what the graph has said, in the place of all this
}

// Error gives the words.
func (e *refusal) Error() string { return e.message }

// badRequest refuses a request that is not GraphQL over HTTP at all.
func badRequest(status int, format string, args ...any) *refusal {
	return &refusal{status: status, code: codeBadRequest, message: fmt.Sprintf(format, args...)}
}

// list gives the refusal as GraphQL spells it.
func (e *refusal) list() gqlerror.List {
	if e.given != nil {
		return e.given
	}
	extensions := map[string]any{"code": e.code}
	for name, value := range e.more {
		extensions[name] = value
	}
	if e.retryAfter > 0 {
		extensions["retryAfter"] = seconds(e.retryAfter)
	}
	return gqlerror.List{{Message: echo.Message(e.message), Extensions: extensions}}
}

func (e *refusal) response() *graphql.Response { return &graphql.Response{Errors: e.list()} }

// statusIn gives the status of an answer in that medium that holds no data. As GraphQL over HTTP has it, application/json says with 200 that the
// request was understood, since older clients take any other status for a failure of the way; the newer type tells by its status too whether the
// operation could be run.
func statusIn(m medium) int {
	if m == asGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}
