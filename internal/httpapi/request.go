package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/admission"
)

// request is a request as it was sent.
type request struct {
	text   []byte // the body, or the query of the address
	key    []byte // by which the answer may be found: a prefix and the text
	buffer *bytes.Buffer
}

// release returns the request's buffer, and forgets its text.
func (q *request) release() {
	q.text, q.key = nil, nil
	if q.buffer != nil {
		release(q.buffer)
		q.buffer = nil
	}
}

// receive reads the text of a request, whose key has that prefix. The request must be released, unless it is refused.
func (h *handler) receive(w http.ResponseWriter, r *http.Request, c *caller, prefix []byte) (request, *refusal) {
	if r.Method == http.MethodPost {
		return h.receiveBody(w, r, c, prefix)
	}
	b := buffer()
	b.Write(prefix)
	b.WriteString(r.URL.RawQuery)
	return request{b.Bytes()[len(prefix):], b.Bytes(), b}, nil
}

// params parses a request.
func (h *handler) params(r *http.Request, op *operation) (p *graphql.RawParams, e *refusal) {
	p = &op.parts.params
	if r.Method == http.MethodPost {
		e = h.parse(op.input.text, op.parts.variables, p)
	} else {
		e = h.readAddress(r.URL, p)
	}
	p.Headers = r.Header // not a member "headers" of the body
	return p, e
}

// readAddress reads the parameters of a GET request.
func (h *handler) readAddress(address *url.URL, p *graphql.RawParams) *refusal {
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return badRequest(http.StatusBadRequest, "the query of the address is not well-formed")
	}
	in := input{Query: values.Get("query"), OperationName: values.Get("operationName"),
		Variables: json.RawMessage(values.Get("variables")), Extensions: json.RawMessage(values.Get("extensions"))}
	if !utf8.ValidString(in.Query) || !utf8.ValidString(in.OperationName) {
		return notUTF8
	}
	return h.take(&in, p)
}

var notUTF8 = badRequest(http.StatusBadRequest, "the request is not in UTF-8")

// receiveBody reads the body of a POST request. Its content type must be one that a page of another site cannot send without a preflight request.
func (h *handler) receiveBody(w http.ResponseWriter, r *http.Request, c *caller, prefix []byte) (q request, e *refusal) {
	if len(r.Header["Content-Type"]) > 1 { // a proxy may use another of them than the server
		return q, badRequest(http.StatusUnsupportedMediaType, "the content type must be application/json, said once")
	}
	if contentType := first(r.Header["Content-Type"]); contentType != typeJSON { // the form of nearly all clients
		mediaType, params, err := mime.ParseMediaType(contentType)
		if err != nil || mediaType != typeJSON {
			return q, badRequest(http.StatusUnsupportedMediaType, "the content type must be application/json")
		}
		switch strings.ToLower(params["charset"]) {
		case "", "utf-8", "utf8":
		default:
			return q, badRequest(http.StatusUnsupportedMediaType, "the body must be in UTF-8")
		}
	}
	codings, known := codingsOf(r.Header)
	if !known {
		w.Header().Set("Accept-Encoding", acceptEncodings)
		return q, badRequest(http.StatusUnsupportedMediaType, "the content encodings can be gzip, zstd, br and identity, at most %d of them", maxCodings)
	}
	maximum := h.limits.BodyBytes
	if r.ContentLength > int64(maximum) {
		return q, h.tooLarge()
	}
	b := buffer()
	defer func() {
		if q.buffer == nil {
			release(b)
		}
	}()
	b.Write(prefix)
	large := h.hold(admission.LargeBodies, c)
	defer large.Release()
	var err error
	if n := r.ContentLength; 0 <= n && n < largeBody { // net/http reads no more than that
		b.Grow(int(n) + bytes.MinRead)
		_, err = b.ReadFrom(r.Body)
	} else {
		err = h.readBounded(&large, b, http.MaxBytesReader(w, r.Body, int64(maximum)))
	}
	_, over := errors.AsType[*http.MaxBytesError](err)
	switch refused, full := errors.AsType[*refusal](err); {
	case over:
		return q, h.tooLarge()
	case full:
		return q, refused
	case errors.Is(err, errSlowSender):
		return q, h.belowRate()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return q, h.tooSlow()
	case err != nil:
		return q, notJSON
	}
	if len(codings) == 0 {
		return request{b.Bytes()[len(prefix):], b.Bytes(), b}, nil
	}
	text, err := h.decoders.decode(r.Context(), codings, b.Bytes()[len(prefix):])
	if err != nil {
		return q, h.undecoded(err)
	}
	if len(text) >= largeBody {
		if e := h.refusalOf(admission.LargeBodies, large.Resize(1)); e != nil {
			return q, e
		}
	}
	return request{text: text, key: slices.Concat(prefix, text)}, nil
}

// first returns the first value of a header, or "".
func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// byteOrderMark is what some editors and libraries put before UTF-8 text. RFC 8259 allows JSON parsers to ignore it.
var byteOrderMark = []byte("\ufeff")

// readBounded reads a body or a message into a buffer. A large one must be acquired among those that may be read at the same time. If it cannot, the error is
// a refusal.
func (h *handler) readBounded(large *admission.Hold, b *bytes.Buffer, body io.Reader) error {
	n, err := b.ReadFrom(io.LimitReader(body, largeBody))
	if err != nil || n < largeBody {
		return err
	}
	if e := h.refusalOf(admission.LargeBodies, large.Resize(1)); e != nil {
		return e
	}
	_, err = b.ReadFrom(body)
	return err
}

var notJSON = badRequest(http.StatusBadRequest, "the body must be a JSON object with a query, and may have variables and an operationName")

// input is the JSON of a request, by GraphQL over HTTP and the other protocols.
type input struct {
	Query         string          `json:"query"`
	OperationName string          `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

// parse parses the JSON of a request. It does not pass on errors of the decoder, whose text may repeat the input. Room is an empty map for the variables, or nil.
func (h *handler) parse(text []byte, room map[string]any, p *graphql.RawParams) *refusal {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if !utf8.Valid(text) {
		return notUTF8
	}
	// If the whole text is within the limits of its parts, it is decoded at once, as are nearly all requests.
	if len(text) <= h.limits.VariablesBytes {
		most := shape{h.limits.VariablesDepth + 1, h.limits.ListItems, h.limits.members()}
		if readParams(text, most, room, p) {
			return nil
		}
		shape := measure(text)
		if shape.depth <= most.depth && shape.items <= most.items && shape.members <= most.members && whole(text, p) {
			return nil
		}
	}
	var in input
	if json.Unmarshal(text, &in) != nil {
		return notJSON
	}
	return h.take(&in, p)
}

// take converts the input to the parameters of the graph.
func (h *handler) take(in *input, p *graphql.RawParams) *refusal {
	p.Variables, p.Extensions = nil, nil
	p.Query, p.OperationName = in.Query, in.OperationName
	if e := h.checkVariables(in.Variables); e != nil {
		return e
	}
	if !object(in.Variables, &p.Variables) {
		return badRequest(http.StatusBadRequest, "variables must be a JSON object")
	}
	if e := h.checkExtensions(in.Extensions); e != nil {
		return e
	}
	if !object(in.Extensions, &p.Extensions) {
		return badRequest(http.StatusBadRequest, "extensions must be a JSON object")
	}
	return nil
}

// object decodes an object, null or an empty text, and returns false for anything else. Numbers are kept as they are written.
func object(text []byte, into *map[string]any) bool {
	switch string(text) {
	case "", "null", "{}":
		return true
	}
	if !utf8.Valid(text) {
		return false
	}
	return whole(text, into)
}

// whole decodes one JSON value with nothing after it.
func whole(text []byte, into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into) == nil && len(bytes.TrimSpace(text[decoder.InputOffset():])) == 0
}
