package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
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
// a document of its own, and is counted, limited and recorded as such.
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
	ctx, caller, e := h.identify(r.Context(), r, credentialsOf(r))
	if e != nil {
		refuse(w, asJSON, e)
		return
	}
	h = h.forCaller(caller)
	rate, e := h.count(caller)
	h.setRateHeaders(w.Header(), rate)
	if e != nil {
		refuse(w, asJSON, e)
		return
	}
	if !access.FromContext(ctx).May(access.ScopeRead) {
		refuse(w, asJSON, reject(access.ErrForbidden))
		return
	}
	params, after, e := h.changesParams(r)
	if e != nil {
		refuse(w, asJSON, e)
		return
	}
	op := newOperation(false)
	defer op.memory.release()
	op.builtIn, op.request = true, len(r.URL.RawQuery)
	s := h.newEventStream(w, changeEvent)
	s.last = "" // a client that is cut off comes again with the last cursor
	h.streamEvents(ctx, op, params, caller, s, func() {
		s.write("id: " + after + "\nevent: ready\ndata: {\"cursor\":\"" + after + "\"}\n\n") //nolint:errcheck // the next event fails too
	})
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
