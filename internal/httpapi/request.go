package httpapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"

	"github.com/99designs/gqlgen/graphql"
)

// maxBody is how many bytes a request's body may have.
const maxBody = 1 << 20

// notGraphQL is a request that is not GraphQL over HTTP at all, and the status and words with which it is refused.
type notGraphQL struct {
	status  int
	message string
}

// Error gives the words.
func (e *notGraphQL) Error() string { return e.message }

func refusal(status int, format string, args ...any) error {
	return &notGraphQL{status, fmt.Sprintf(format, args...)}
}

// read reads what a request asks for. The error is a *notGraphQL.
func read(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, error) {
	p := &graphql.RawParams{}
	p.ReadTime.Start = graphql.Now()
	var err error
	if r.Method == http.MethodGet {
		err = readAddress(r.URL, p)
	} else {
		err = readBody(w, r, p)
	}
	p.ReadTime.End = graphql.Now()
	p.Headers = r.Header // and not what a body calls headers
	return p, err
}

// readAddress reads a GET request. It can only be a query, so that it does not matter which page had a browser send it.
func readAddress(address *url.URL, p *graphql.RawParams) error {
	values, err := url.ParseQuery(address.RawQuery)
	if err != nil {
		return refusal(http.StatusBadRequest, "the query of the address is not well-formed")
	}
	p.Query, p.OperationName = values.Get("query"), values.Get("operationName")
	for name, into := range map[string]*map[string]any{"variables": &p.Variables, "extensions": &p.Extensions} {
		text := values.Get(name)
		if text == "" {
			continue
		}
		if decode(strings.NewReader(text), into) != nil {
			return refusal(http.StatusBadRequest, "%s must be a JSON object", name)
		}
	}
	return nil
}

// readBody reads a POST request. It insists on a content type that a page of another site cannot have a browser send without asking first.
func readBody(w http.ResponseWriter, r *http.Request, p *graphql.RawParams) error {
	mediaType, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return refusal(http.StatusUnsupportedMediaType, "the content type must be application/json")
	}
	if charset := params["charset"]; charset != "" && !strings.EqualFold(charset, "utf-8") {
		return refusal(http.StatusUnsupportedMediaType, "the body must be in UTF-8")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return refusal(http.StatusUnsupportedMediaType, "the body must not be compressed")
	}
	tooLarge := refusal(http.StatusRequestEntityTooLarge, "the body is larger than the limit of %d bytes", maxBody)
	if r.ContentLength > maxBody {
		return tooLarge
	}
	err = decode(http.MaxBytesReader(w, r.Body, maxBody), p)
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return tooLarge
	}
	if err != nil { // its text may repeat the body
		return refusal(http.StatusBadRequest, "the body must be a JSON object with a query, and may have variables and an operationName")
	}
	return nil
}

// decode reads one JSON value and nothing behind it.
func decode(from io.Reader, into any) error {
	d := json.NewDecoder(from)
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.Join(errors.New("there is more behind the value"), err)
	}
	return nil
}
