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
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/admission"
)

// read reads what a request asks for, and says how many bytes that had.
func (d *door) read(w http.ResponseWriter, r *http.Request, g *guest) (p *graphql.RawParams, size int, e *refusal) {
	p = &graphql.RawParams{Headers: r.Header}
	p.ReadTime.Start = graphql.Now()
	if r.Method == http.MethodPost {
		size, e = d.readBody(w, r, g, p)
	} else {
		size, e = len(r.URL.RawQuery), d.readAddress(r.URL, p)
	}
	p.ReadTime.End = graphql.Now()
	p.Headers = r.Header // and not what a body calls headers
	return p, size, e
}

// readAddress reads a GET request.
func (d *door) readAddress(address *url.URL, p *graphql.RawParams) *refusal {
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return badRequest(http.StatusBadRequest, "the query of the address is not well-formed")
	}
	in := input{Query: values.Get("query"), OperationName: values.Get("operationName"),
		Variables: json.RawMessage(values.Get("variables")), Extensions: json.RawMessage(values.Get("extensions"))}
	if !utf8.ValidString(in.Query) || !utf8.ValidString(in.OperationName) {
		return notUTF8
	}
	return d.take(&in, p)
}

var notUTF8 = badRequest(http.StatusBadRequest, "the request is not in UTF-8")

// readBody reads a POST request. It insists on a content type that a page of another site cannot have a browser send without asking first.
func (d *door) readBody(w http.ResponseWriter, r *http.Request, g *guest, p *graphql.RawParams) (size int, e *refusal) {
	if len(r.Header["Content-Type"]) > 1 { // what stands between may go by another of them
		return 0, badRequest(http.StatusUnsupportedMediaType, "the content type must be application/json, said once")
	}
	if contentType := r.Header.Get("Content-Type"); contentType != typeJSON { // as nearly all clients write it
		mediaType, params, err := mime.ParseMediaType(contentType)
		if err != nil || mediaType != typeJSON {
			return 0, badRequest(http.StatusUnsupportedMediaType, "the content type must be application/json")
		}
		switch strings.ToLower(params["charset"]) {
		case "", "utf-8", "utf8":
		default:
			return 0, badRequest(http.StatusUnsupportedMediaType, "the body must be in UTF-8")
		}
	}
	codings, known := codingsOf(r.Header)
	if !known {
		w.Header().Set("Accept-Encoding", acceptEncodings)
		return 0, badRequest(http.StatusUnsupportedMediaType, "the content encodings can be gzip, zstd, br and identity, at most %d of them", maxCodings)
	}
	maximum := d.limits.BodyBytes
	if r.ContentLength > int64(maximum) {
		return 0, d.tooLarge()
	}
	b := buffer()
	defer release(b)
	large := d.hold(admission.LargeBodies, g)
	defer large.Release()
	err := d.weigh(&large, b, http.MaxBytesReader(w, r.Body, int64(maximum)))
	_, over := errors.AsType[*http.MaxBytesError](err)
	switch refused, full := errors.AsType[*refusal](err); {
	case over:
		return 0, d.tooLarge()
	case full:
		return 0, refused
	case errors.Is(err, errSlowSender):
		return 0, d.belowRate()
	case errors.Is(err, os.ErrDeadlineExceeded):
		return 0, d.tooSlow()
	case err != nil:
		return 0, notJSON
	}
	if len(codings) == 0 {
		return b.Len(), d.parse(b.Bytes(), p)
	}
	text, err := d.decoders.decode(r.Context(), codings, b.Bytes())
	if err != nil {
		return 0, d.undecoded(err)
	}
	if len(text) >= largeBody {
		if e := d.full(admission.LargeBodies, large.Resize(1)); e != nil {
			return 0, e
		}
	}
	return len(text), d.parse(text, p)
}

// byteOrderMark is what some editors and libraries put before a text in UTF-8. RFC 8259 lets who reads JSON leave it out.
var byteOrderMark = []byte("\ufeff")

// weigh reads a body, or a message, into a buffer. One that turns out to be large has to be held among those that may be read at a time; the error is a
// refusal where it cannot be.
func (d *door) weigh(large *admission.Hold, b *bytes.Buffer, body io.Reader) error {
	n, err := b.ReadFrom(io.LimitReader(body, largeBody))
	if err != nil || n < largeBody {
		return err
	}
	if e := d.full(admission.LargeBodies, large.Resize(1)); e != nil {
		return e
	}
	_, err = b.ReadFrom(body)
	return err
}

var notJSON = badRequest(http.StatusBadRequest, "the body must be a JSON object with a query, and may have variables and an operationName")

// input is what a request says, as GraphQL over HTTP and the protocols beside it spell it.
type input struct {
	Query         string          `json:"query"`
	OperationName string          `json:"operationName"`
	Variables     json.RawMessage `json:"variables"`
	Extensions    json.RawMessage `json:"extensions"`
}

// parse reads the JSON text of a request. An error's text may repeat what was sent, so that none is passed on.
func (d *door) parse(text []byte, p *graphql.RawParams) *refusal {
	text = bytes.TrimPrefix(text, byteOrderMark)
	if !utf8.Valid(text) {
		return notUTF8
	}
	// What is small as a whole is small in its parts: nearly every request is read in one go.
	if len(text) <= d.limits.VariablesBytes {
		shape := measure(text)
		if shape.depth <= d.limits.VariablesDepth+1 && shape.items <= d.limits.ListItems && shape.members <= d.limits.members() && whole(text, p) {
			return nil
		}
	}
	var in input
	if json.Unmarshal(text, &in) != nil {
		return notJSON
	}
	return d.take(&in, p)
}

// take makes of what a request says what the graph wants.
func (d *door) take(in *input, p *graphql.RawParams) *refusal {
	p.Variables, p.Extensions = nil, nil
	p.Query, p.OperationName = in.Query, in.OperationName
	if e := d.fitVariables(in.Variables); e != nil {
		return e
	}
	if !object(in.Variables, &p.Variables) {
		return badRequest(http.StatusBadRequest, "variables must be a JSON object")
	}
	if e := d.fitExtensions(in.Extensions); e != nil {
		return e
	}
	if !object(in.Extensions, &p.Extensions) {
		return badRequest(http.StatusBadRequest, "extensions must be a JSON object")
	}
	return nil
}

// object reads an object, null or nothing at all, and is false where the text is anything else. Numbers stay as they are written.
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

// whole reads one JSON value and nothing behind it.
func whole(text []byte, into any) bool {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	return decoder.Decode(into) == nil && len(bytes.TrimSpace(text[decoder.InputOffset():])) == 0
}
