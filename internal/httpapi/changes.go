package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/backoff"
	"roster/internal/changes"
	"roster/internal/echo"
)

// changesPath is the path of the changes for clients without GraphQL.
const changesPath = "/changes"

const changesMethods = "GET, OPTIONS"

// changeFields are the fields of a change that its event has.
const changeFields = "{cursor at kind action id relatedId label fields reset}"

// changeKinds are the values of the enum ChangeKind.
var changeKinds = []string{"USER", "TEAM", "ROLE", "CONTACT", "CONTACT_FOLDER", "SOURCE"}

// cursorExpired is the refusal of a cursor after which changes are missing. The graph refuses it with the same code.
var cursorExpired = &refusal{status: http.StatusGone, code: "CURSOR_EXPIRED",
	message: changes.ErrExpired.Error() + ": open " + changesPath + " without a cursor, and then read anew what you show"}

// changesUnavailable is the refusal while this server cannot tell the changes.
var changesUnavailable = &refusal{status: http.StatusServiceUnavailable, code: "CHANGES_UNAVAILABLE", retryAfter: retryAfterFull,
	message: changes.ErrUnavailable.Error() + ": ask again in a few seconds, with your last cursor"}

// changes answers GET /changes: the changes of the directory as server-sent events, which resume by Last-Event-ID. It is a subscription of the graph with
// a document of its own, and is counted, limited and recorded as such. Temporary refusals are events for clients that come again because of them; see again.
func (h *handler) changes(w http.ResponseWriter, r *http.Request) {
	header(w, r, asJSON)
	h.origins.setHeaders(w.Header(), r)
	defer func() {
		if p := recover(); p != nil {
			h.fail(r.Context(), w, p)
		}
	}()
	switch r.Method {
	case http.MethodGet:
	case http.MethodOptions:
		delete(w.Header(), "Content-Type")
		w.Header().Set("Allow", changesMethods)
		h.origins.preflight(w.Header(), r)
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", changesMethods)
		refuse(w, asJSON, badRequest(http.StatusMethodNotAllowed, "the method must be GET"))
		return
	}
	if h.origins.foreign(r) {
		refuse(w, asJSON, foreignOrigin)
		return
	}
	s := h.newEventStream(w, changeEvent)
	s.last = "" // a client that is cut off comes again with the last cursor
	if comesAgain(r) {
		s.refuse = func(e *refusal) { h.again(s, e) }
	}
	ctx, caller, e := h.identify(r.Context(), r, credentialsOf(r))
	if e != nil {
		s.refuse(e)
		return
	}
	h = h.forCaller(caller)
	rate, e := h.count(caller)
	h.setRateHeaders(w.Header(), rate)
	if e != nil {
		s.refuse(e)
		return
	}
	if !access.FromContext(ctx).May(access.ScopeRead) {
		refuse(w, asJSON, reject(access.ErrForbidden))
		return
	}
	params, after, e := h.changesParams(r)
	if e != nil {
		s.refuse(e)
		return
	}
	op := newOperation(false)
	defer op.memory.release()
	op.builtIn, op.request = true, len(r.URL.RawQuery)
	h.streamEvents(ctx, op, params, caller, s, func() {
		s.write(retryAfter(0) + "id: " + after + "\nevent: ready\ndata: {\"cursor\":\"" + after + "\"}\n\n") //nolint:errcheck // the next event fails too
	})
}

// againAfter is how long a client waits at most before it comes again, in addition to what a refusal says. It is not the same for all clients, because many
// streams can end at the same time.
const againAfter = 5 * time.Second

// retryAfter returns the line that says when the client should connect again.
func retryAfter(wait time.Duration) string {
	return "retry: " + strconv.FormatInt((wait+backoff.Jitter(againAfter)).Milliseconds(), 10) + "\n"
}

// comesAgain reports whether the client asks for events by name, as EventSource does. By the HTML standard, EventSource connects again after the end of a
// stream, and never again after a status other than 200.
func comesAgain(r *http.Request) bool {
	return slices.ContainsFunc(listOf(r.Header["Accept"]), func(named string) bool {
		name, _, _ := strings.Cut(named, ";")
		return strings.EqualFold(strings.TrimSpace(name), typeEvents)
	})
}

// again answers a temporary refusal with a stream that has nothing but the problem, so that the client connects again. After an expired cursor, it does so with
// that of the present, whatever its address says.
func (h *handler) again(s *eventStream, e *refusal) {
	if e.retryAfter <= 0 && e != cursorExpired {
		refuse(s.w, asJSON, e)
		return
	}
	recordOutcome(s.w, e.list())
	lines := retryAfter(e.retryAfter)
	if e == cursorExpired {
		lines += "id: " + h.changeLog.Cursor() + "\n"
	}
	b := bytes.NewBufferString(lines)
	changeEvent(b, e.response())
	s.send(b)                                                  //nolint:errcheck // the client is gone
	s.control.SetWriteDeadline(time.Now().Add(s.writeTimeout)) //nolint:errcheck // if it cannot be set, there is none; for the end of the body
}

// changesParams returns the subscription for a request, and the cursor after which it begins. A browser that connects again has the last cursor in a header,
// and in the address still that of the first time.
func (h *handler) changesParams(r *http.Request) (*graphql.RawParams, string, *refusal) {
	values, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, "", badRequest(http.StatusBadRequest, "the query of the address is not well-formed")
	}
	kinds := listOf(values["kinds"])
	for _, kind := range kinds {
		if !slices.Contains(changeKinds, kind) {
			return nil, "", badRequest(http.StatusBadRequest, "kinds: there is no kind %s: the kinds are %s", echo.Quoted(kind), strings.Join(changeKinds, ", "))
		}
	}
	variables, arguments := make(map[string]any), "after:$after sources:$sources"
	if len(kinds) > 0 { // not a variable, because its type may be served under another name
		arguments += " kinds:[" + strings.Join(kinds, " ") + "]"
	}
	if sources := listOf(values["sources"]); len(sources) > 0 {
		list := make([]any, len(sources)) // as in JSON
		for i, name := range sources {
			if err := h.hasSource("sources", name); err != nil {
				return nil, "", &refusal{status: http.StatusBadRequest, given: gqlerror.List{h.present(r.Context(), err)}}
			}
			list[i] = name
		}
		variables["sources"] = list
	}
	after := first(r.Header["Last-Event-Id"])
	if after == "" {
		after = values.Get("after")
	}
	reader, err := h.changeLog.Reader(after) // which counts an expired cursor
	switch {
	case errors.Is(err, changes.ErrUnavailable):
		return nil, "", changesUnavailable
	case err != nil:
		return nil, "", cursorExpired
	case after == "":
		after = h.changeLog.Cursor()
	}
	reader.Close()
	variables["after"] = after
	return &graphql.RawParams{Headers: r.Header, Variables: variables, Query: "subscription Changes($after:String $sources:[String!]){changes:" +
		h.changesField + "(" + arguments + ")" + changeFields + "}"}, after, nil
}

// listOf returns the items of a parameter that is repeated, or has its items separated by commas.
func listOf(values []string) (items []string) {
	for _, v := range values {
		for item := range strings.SplitSeq(v, ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, item)
			}
		}
	}
	return items
}

// changeEvent appends the event of a change, or of the errors because of which the stream ends.
func changeEvent(b *bytes.Buffer, resp *graphql.Response) {
	var data struct{ Changes json.RawMessage }
	var change struct{ Cursor string }
	if json.Unmarshal(resp.Data, &data) != nil || json.Unmarshal(data.Changes, &change) != nil || change.Cursor == "" {
		b.WriteString("event: problem\ndata: ")
		from := b.Len()
		encode(b, &graphql.Response{Errors: resp.Errors})
		onOneLine(b.Bytes()[from:])
		b.WriteString("\n\n")
		return
	}
	b.WriteString("id: " + change.Cursor + "\nevent: change\ndata: ")
	b.Write(data.Changes)
	b.WriteString("\n\n")
}
