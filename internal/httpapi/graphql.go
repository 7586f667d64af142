package httpapi

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/extension"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/changes"
	"roster/internal/cost"
	"roster/internal/freshness"
	"roster/internal/persisted"
	"roster/internal/plan"
	"roster/internal/responsecache"
)

// handler is the handler of /graphql.
type handler struct {
	exec      *executor.Executor
	template  *graphql.OperationContext // with what the executor's extensions do around fields
	planner   planner                   // nil for none
	documents *documents
	costs     *cost.Schema
	lists     func() cost.Lists
	hasSource func(argument, name string) error // an error for the client if it has none of that name
	limiter   *admission.Limiter
	access    Authenticator     // nil without authentication
	everyone  *access.Principal // the principal of everyone without authentication
	trusted   *persisted.Documents
	limits    Limits
	public    bool      // see Options.PublicAnswers
	ages      *lastAges // of answers that are not cached yet
	byLimits  *sync.Map // the handlers with other limits, by these: *handler by access.Limits
	origins   origins
	retired   <-chan struct{}
	decoders  *decoders
	encoders  *encoders
	observer  Observer             // nil for none
	responses *responsecache.Cache // nil for none
	present   graphql.ErrorPresenterFunc
	recover   graphql.RecoverFunc

	changeLog    *changes.Log // nil for none
	changesField string       // the name of Subscription.changes
}

// Bodies of at least largeBody bytes are limited to largeBodies at the same time, because slow senders keep them in memory.
const (
	largeBody   = 64 << 10
	largeBodies = 32
)

func newHandler(opt Options) *handler {
	schema := opt.API.Schema()
	costs := cost.NewSchema(schema.Schema())
	h := &handler{
		exec: executor.New(schema), documents: newDocuments(schema.Schema(), costs, opt.API, opt.Limits, opt.Introspection), costs: costs,
		lists: opt.API.Lists, hasSource: opt.API.CheckSource,
		limiter: opt.Limiter, access: opt.Access, everyone: access.Everyone(), trusted: opt.Documents,
		limits: opt.Limits, byLimits: new(sync.Map), public: opt.PublicAnswers, ages: new(lastAges), origins: opt.Origins, retired: opt.Retired,
		decoders: newDecoders(opt.Limits.BodyBytes), encoders: newEncoders(), observer: opt.Observer, responses: opt.Responses,
		changeLog: opt.Changes,
	}
	if h.changeLog != nil {
		h.changesField = opt.API.FieldName("Subscription", "changes")
	}
	h.present, h.recover = presenter(opt.API.ErrorPresenter), opt.API.Recover
	h.exec.SetErrorPresenter(h.present)
	h.exec.SetRecoverFunc(h.recover)
	if opt.Introspection {
		h.exec.Use(extension.Introspection{})
	}
	if opt.Observer != nil {
		h.exec.Use(observed{opt.Observer}) // before the extension that loads data
	}
	prepares := opt.API.Extension(h.checkCost)
	h.exec.Use(prepares)
	h.planner, _ = prepares.(planner)
	h.exec.Use(answerCosts{})
	h.exec.Use(boundedAnswers{})
	h.template, _ = h.exec.CreateOperationContext(graphql.StartOperationTrace(context.Background()), &graphql.RawParams{Query: "{__typename}"})
	return h
}

const (
	allowed     = "GET, HEAD, OPTIONS, POST"
	acceptPosts = typeJSON
)

// ServeHTTP implements GraphQL over HTTP: one operation by POST or GET. A request that is not GraphQL gets a refusal in the form of a GraphQL response.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	m, acceptable := negotiate(acceptOf(r))
	events := m == asEvents && acceptable
	if events || !acceptable { // a refusal is not part of a stream
		m = asJSON
	}
	header(w, r, m)
	h.origins.setHeaders(w.Header(), r)
	defer func() {
		if p := recover(); p != nil {
			h.fail(r.Context(), w, p)
		}
	}()
	switch {
	case r.Method == http.MethodOptions:
		h.options(w, r)
	case r.Method != http.MethodGet && r.Method != http.MethodHead && r.Method != http.MethodPost:
		w.Header().Set("Allow", allowed)
		refuse(w, m, badRequest(http.StatusMethodNotAllowed, "the method must be POST or GET"))
	case h.origins.foreign(r):
		refuse(w, m, foreignOrigin)
	case isUpgrade(r):
		h.socket(w, r)
	case !acceptable:
		refuse(w, m, badRequest(http.StatusNotAcceptable, "the answer can be application/json, application/graphql-response+json or text/event-stream, and the request accepts none of them"))
	default:
		h.once(w, r, m, events)
	}
}

func acceptOf(r *http.Request) string {
	values := r.Header["Accept"]
	if len(values) > 1 {
		return strings.Join(values, ",")
	}
	return first(values)
}

var foreignOrigin = &refusal{status: http.StatusForbidden, code: codeForbiddenOrigin,
	message: "a page of another origin asks: allow its origin in cors.origins, if it is meant to"}

// options answers OPTIONS, including preflight requests of browsers.
func (h *handler) options(w http.ResponseWriter, r *http.Request) {
	headers := w.Header()
	delete(headers, "Content-Type")
	headers.Set("Allow", allowed)
	headers.Set("Accept-Post", acceptPosts)
	h.origins.preflight(headers, r)
	w.WriteHeader(http.StatusNoContent)
}

// fail answers after a panic.
func (h *handler) fail(ctx context.Context, w http.ResponseWriter, p any) {
	if p == http.ErrAbortHandler { //nolint:errorlint // net/http compares this value
		panic(p)
	}
	write(w, http.StatusInternalServerError, &graphql.Response{Errors: h.panicked(ctx, p)})
}

// panicked logs a panic, and returns the error for the client.
func (h *handler) panicked(ctx context.Context, p any) gqlerror.List {
	return gqlerror.List{gqlerror.WrapIfUnwrapped(h.exec.PresentRecoveredError(ctx, p))}
}

// once reads and runs one operation, and writes its answer or its stream of answers.
func (h *handler) once(w http.ResponseWriter, r *http.Request, m mediaType, events bool) {
	op, over := newOperation(r.Method != http.MethodPost), false
	defer func() {
		op.memory.release()
		if over {
			op.recycle()
		}
	}()
	var err error
	if op.exchange.Requirement, err = freshness.Parse(r.Header["Cache-Control"], op.began); err != nil {
		refuse(w, m, badRequest(http.StatusBadRequest, "%s", err))
		return
	}
	if op.exchange.Place, err = freshness.ParsePlace(r.Header[freshness.SourceErrorsHeader]); err != nil {
		refuse(w, m, badRequest(http.StatusBadRequest, "%s", err))
		return
	}
	ctx, caller, e := h.identify(r.Context(), r, credentialsOf(r))
	if e != nil {
		refuse(w, m, e)
		return
	}
	h = h.forCaller(caller)
	rate, e := h.count(caller)
	h.setRateHeaders(w.Header(), rate)
	if e != nil {
		refuse(w, m, e)
		return
	}
	if h.responses != nil && !events {
		op.reuse = h.reuseOf(ctx, r, op)
	}
	if op.input, e = h.receive(w, r, &caller, op.reuse.keyPrefix()); e != nil {
		refuse(w, m, e)
		return
	}
	defer op.releaseInput()
	op.request = len(op.input.text)
	if op.reuse != nil && h.repeat(ctx, w, r, m, op, caller) {
		flush(w, r)
		over = true
		return
	}
	params, e := h.params(r, op)
	if e != nil || events || op.reuse == nil || op.reuse.request == nil {
		op.releaseInput()
	}
	if e != nil {
		refuse(w, m, e)
		return
	}
	if events {
		h.events(ctx, w, op, params, caller)
		return
	}
	over = h.respond(ctx, w, r, m, op, params, caller)
	flush(w, r)
}

// respond runs an operation with one answer, and writes it. It reports whether nothing can use the operation any more.
func (h *handler) respond(
	ctx context.Context, w http.ResponseWriter, r *http.Request, m mediaType, op *operation, params *graphql.RawParams, c caller,
) (over bool) {
	u := op.reuse
	defer u.end(nil) // if there is a panic
	resp, e := h.run(ctx, op, params, c)
	if a := op.reuse.found(); a != nil {
		u.keepRequest(a)
		h.deliver(ctx, w, r, m, op, c, a)
		return false
	}
	op.releaseInput() // nothing of the request is in memory while the client reads, however slowly
	if e != nil {
		u.end(nil)
		if e == onlyByPost {
			w.Header().Set("Allow", http.MethodPost)
		}
		refuse(w, m, e)
		return false
	}
	now := time.Now()
	h.ages.set(w.Header(), op.exchange.Answer, op.complete(resp), h.public && op.reuse != nil && op.exchange.Reusable != nil, now)
	a := h.keep(ctx, op, resp)
	u.end(nil) // others must not wait until this client has read its answer
	if a != nil {
		h.send(w, r, m, a)
		if over = op.isOver(); over && !u.kept && r.ProtoMajor == 1 { // HTTP/2 may still write it, if the client has cancelled the request
			plan.Reuse(op.body)
		}
		return over
	}
	h.answer(w, r, m, resp)
	return false
}

// flush sends the last bytes of an answer over HTTP/2. Otherwise they would be sent after the handler has returned, and would not be counted.
func flush(w http.ResponseWriter, r *http.Request) {
	if r.ProtoMajor > 1 {
		http.NewResponseController(w).Flush() //nolint:errcheck // the client is gone
	}
}
