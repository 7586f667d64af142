package httpapi

import (
	"bytes"
	"context"
	"io"
	"net/http"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/admission"
	"roster/internal/responsecache"
)

// deliver gives an operation an answer that was made for another one. The operation is admitted, observed and recorded like any other.
func (h *handler) deliver(ctx context.Context, w http.ResponseWriter, r *http.Request, m mediaType, op *operation, c caller, a *responsecache.Answer) {
	if op.memory.handler == nil { // otherwise the operation holds memory since before its document was read
		op.memory = memory{handler: h, held: h.hold(admission.AnswerBytes, &c)}
	}
	if !op.memory.Resize(len(a.Body)) {
		refuse(w, m, op.memory.full)
		return
	}
	ended := func(Outcome) {}
	if h.observer != nil {
		ctx, ended = h.observer.Begin(ctx, Operation{Type: string(ast.Query), Name: a.Operation})
	}
	if err := a.From.Record(ctx, op.began); err != nil {
		ended(OutcomeFailed)
		h.answer(w, r, m, &graphql.Response{Errors: gqlerror.List{gqlerror.WrapIfUnwrapped(err)}})
		return
	}
	ended(Outcome(a.Outcome))
	h.responses.Count(true)
	preparedOf(a).ages.set(w.Header(), &op.reuse.fresh, a.Complete, h.public, op.reuse.at)
	op.releaseInput() // nothing of the request is in memory while the client reads, however slowly
	h.send(w, r, m, a)
}

// shortBody is the length of a body below which the server itself adds Content-Length.
const shortBody = 2 << 10

// send writes an answer as the response.
func (h *handler) send(w http.ResponseWriter, r *http.Request, m mediaType, a *responsecache.Answer) {
	as, body := encodingFor(r.Header["Accept-Encoding"], len(a.Body)), a.Body
	if conditional(r) && unchanged(w, r, preparedOf(a).tag(a, m, as)) {
		return
	}
	switch {
	case as == asIs && len(body) < shortBody && r.Method != http.MethodHead && r.ProtoMajor == 1:
		// without a place in the map of headers
	case as == asIs:
		w.Header()["Content-Length"] = a.Length
	default:
		var length []string
		body, length = h.responses.Encoded(a, int(as), func(body []byte) []byte {
			return h.encoders.encode(as, func(to io.Writer) { to.Write(body) }) //nolint:errcheck // a buffer takes everything
		})
		setEncoding(w.Header(), as, length)
	}
	w.WriteHeader(http.StatusOK)
	w.Write(body) //nolint:errcheck,gosec // the client is gone; the body is JSON
}

// keep makes the answer of an operation available to others, and returns it. It returns nil if the answer is for this operation only.
func (h *handler) keep(ctx context.Context, op *operation, resp *graphql.Response) *responsecache.Answer {
	u := op.reuse
	if u == nil || u.key == "" {
		return nil
	}
	h.responses.Count(false)
	if op.exchange.Reusable == nil || resp.Data == nil || ctx.Err() != nil || op.bounds.Omitted() > 0 || !lasting(resp.Errors) ||
		!u.cache.Fits(len(resp.Data)) {
		return nil
	}
	a := u.cache.NewAnswer(u.key, op.exchange.Reusable, op.bodyOf(resp))
	a.Complete, a.Operation, a.Outcome = op.complete(resp), op.name, uint8(outcomeOfAnswer(resp))
	u.kept = u.cache.Put(a, u.again || op.body == nil) // its request only when it is repeated: most are not
	u.end(a)
	return a
}

// bodyOf returns the body of an answer.
func (op *operation) bodyOf(resp *graphql.Response) []byte {
	const before = `{"data":`
	if b := op.body; len(resp.Errors) == 0 && len(resp.Extensions) == 0 && len(resp.Data) > 0 && len(b) > len(before) && &b[len(before)] == &resp.Data[0] {
		return b
	}
	b := buffer()
	defer release(b)
	encode(b, resp)
	return bytes.Clone(b.Bytes()) // without the room into which the buffer has grown
}

// lastingCodes are the codes of errors that an operation gets each time, as long as nothing changes on which its answer depends.
var lastingCodes = map[any]bool{"SOURCE_UNAVAILABLE": true, "SOURCE_INCOMPLETE": true, "BAD_USER_INPUT": true, codeForbidden: true}

// lasting reports whether an operation gets these errors each time.
func lasting(errs gqlerror.List) bool {
	for _, e := range errs {
		if !lastingCodes[e.Extensions["code"]] {
			return false
		}
	}
	return true
}
