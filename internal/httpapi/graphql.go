package httpapi

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/cost"
	"roster/internal/freshness"
	"roster/internal/persisted"
)

// door is where requests to the graph come in.
type door struct {
	exec      *executor.Executor
	documents *documents
	costs     *cost.Schema
	lists     func() cost.Lists
	gate      *admission.Limiter
	access    Authenticator     // nil where everyone may do everything
	everyone  *access.Principal // who everyone is then
	trusted   *persisted.Documents
	limits    Limits
	policy    []string // the header RateLimit-Policy
	origins   origins
	retired   <-chan struct{}
	decoders  *decoders
}

// A body that is longer than largeBody waits for no other: there are largeBodies at most, since whoever sends them slowly has them all in memory.
const (
	largeBody   = 64 << 10
	largeBodies = 32
)

func newDoor(opt Options) *door {
	schema := opt.API.Schema()
	d := &door{
		exec: executor.New(schema), documents: newDocuments(schema.Schema(), opt.API, opt.Limits, opt.Introspection), costs: cost.NewSchema(schema.Schema()),
		lists: opt.API.Lists,
		gate:  opt.Gate, access: opt.Access, everyone: access.Everyone(), trusted: opt.Documents,
		limits: opt.Limits, policy: policyOf(opt.Limits), origins: opt.Origins, retired: opt.Retired,
		decoders: newDecoders(opt.Limits.BodyBytes),
	}
	d.exec.SetQueryCache(readDocument{})
	d.exec.SetErrorPresenter(presenter(opt.API.ErrorPresenter))
	d.exec.SetRecoverFunc(opt.API.Recover)
	if opt.Introspection {
		d.exec.Use(extension.Introspection{})
	}
	if opt.Observer != nil {
		d.exec.Use(observed{opt.Observer}) // before the one that loads
	}
	d.exec.Use(opt.API.Extension(d.affords))
	d.exec.Use(boundedAnswers{})
	return d
}

const (
	allowed     = "GET, HEAD, OPTIONS, POST"
	acceptPosts = typeJSON
)

// ServeHTTP answers GraphQL over HTTP: one operation by POST or GET, and one answer. What is no GraphQL is refused in the form of a GraphQL answer.
func (d *door) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, acceptable := negotiate(acceptOf(r))
	events := m == asEvents && acceptable
	if events || !acceptable { // what comes before the stream, or in the place of an answer, is no part of it
		m = asJSON
	}
	header(w, r, m)
	d.origins.share(w.Header(), r)
	defer func() {
		if p := recover(); p != nil {
			d.fail(r.Context(), w, p)
		}
	}()
	switch {
	case r.Method == http.MethodOptions:
		d.options(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", allowed)
		refuse(w, m, badRequest(http.StatusMethodNotAllowed, "the method must be POST or GET"))
	case d.origins.foreign(r):
		refuse(w, m, foreignOrigin)
	case isUpgrade(r):
		d.socket(w, r)
	case !acceptable:
		refuse(w, m, badRequest(http.StatusNotAcceptable, "the answer can be application/json, application/graphql-response+json or text/event-stream, and the request accepts none of them"))
	default:
		d.once(w, r, m, events)
	}
}

func acceptOf(r *http.Request) string {
	if values := r.Header["Accept"]; len(values) > 1 {
		return strings.Join(values, ",")
	}
	return r.Header.Get("Accept")
}

var foreignOrigin = &refusal{status: http.StatusForbidden, code: codeForbiddenOrigin,
	message: "a page of another origin asks: allow its origin in cors.origins, if it is meant to"}

// options says what may be asked, also to a browser that asks for a page of another origin.
func (d *door) options(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	delete(h, "Content-Type")
	h.Set("Allow", allowed)
	h.Set("Accept-Post", acceptPosts)
	d.origins.preflight(h, r)
	w.WriteHeader(http.StatusNoContent)
}

// fail answers after a panic.
func (d *door) fail(ctx context.Context, w http.ResponseWriter, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // it is this value itself, as net/http has it
		panic(p)
	}
	write(w, http.StatusInternalServerError, &graphql.Response{Errors: d.panicked(ctx, p)})
}

// panicked tells the log of a panic, and gives what the client may learn of it.
func (d *door) panicked(ctx context.Context, p any) gqlerror.List {
	return gqlerror.List{gqlerror.WrapIfUnwrapped(d.exec.PresentRecoveredError(ctx, p))}
}

// once reads one operation, runs it and writes its answer, or as a stream its answers.
func (d *door) once(w http.ResponseWriter, r *http.Request, m medium, events bool) {
	op := operation{readOnly: r.Method != http.MethodPost}
	defer op.room.release()
	var err error
	if op.exchange.Requirement, err = freshness.Parse(r.Header.Values("Cache-Control"), time.Now()); err != nil {
		refuse(w, m, badRequest(http.StatusBadRequest, "%s", err))
		return
	}
	if op.exchange.Place, err = freshness.ParsePlace(r.Header.Values(freshness.SourceErrorsHeader)); err != nil {
		refuse(w, m, badRequest(http.StatusBadRequest, "%s", err))
		return
	}
	ctx, caller, e := d.meet(r.Context(), r, shownBy(r))
	if e != nil {
		refuse(w, m, e)
		return
	}
	d = d.of(caller)
	rate, e := d.count(caller)
	d.tellRate(w.Header(), rate)
	if e != nil {
		refuse(w, m, e)
		return
	}
	params, size, e := d.read(w, r, &caller)
	if e != nil {
		refuse(w, m, e)
		return
	}
	op.request = size
	if events {
		d.events(ctx, w, &op, params, caller)
		return
	}
	resp, e := d.run(ctx, &op, params, caller)
	if e != nil {
		if e == onlyByPost {
			w.Header().Set("Allow", http.MethodPost)
		}
		refuse(w, m, e)
	} else {
		headerOfAge(w.Header(), op.exchange.Answer, op.faultless(resp))
		answer(w, m, resp)
	}
	if r.ProtoMajor > 1 { // the last bytes would else wait for the client when nobody counts them any more
		http.NewResponseController(w).Flush() //nolint:errcheck // the client has gone; nobody is left to tell
	}
}
