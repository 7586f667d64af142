package httpapi

import (
	"fmt"
	"net/http"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/echo"
)

// The codes of errors outside the graph.
const (
	codeBadRequest      = "BAD_REQUEST"
	codeForbiddenOrigin = "FORBIDDEN_ORIGIN"
	codeIntrospection   = "INTROSPECTION_DISABLED"
	codeTimeout         = "TIMEOUT"
	codeLogUnavailable  = "ACCESS_LOG_UNAVAILABLE" // from the graph
	codeInternal        = "INTERNAL_SERVER_ERROR"  // as above
	codeBadInput        = "BAD_USER_INPUT"         // as above
)

// refusal is the reason why a request or an operation is not answered.
type refusal struct {
	// status is the HTTP status. Zero means that the request was well-formed and the graph has refused it. Then the status depends on the media type.
	status        int
	code, message string
	more          map[string]any // further extensions
	retryAfter    time.Duration
	challenge     string        // the header WWW-Authenticate
	given         gqlerror.List // errors of the graph, instead of all other fields
}

// Error returns the message.
func (e *refusal) Error() string { return e.message }

// badRequest returns the refusal of a request that does not follow GraphQL over HTTP.
func badRequest(status int, format string, args ...any) *refusal {
	return &refusal{status: status, code: codeBadRequest, message: fmt.Sprintf(format, args...)}
}

// list returns the refusal as GraphQL errors.
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

// statusIn returns the status of an answer without data. By the specification of GraphQL over HTTP, application/json has status 200 for every well-formed
// request, because older clients treat any other status as a transport failure. For the newer media type, the status also reports whether the operation ran.
func statusIn(m mediaType) int {
	if m == asGraphQL {
		return http.StatusBadRequest
	}
	return http.StatusOK
}
