package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
)

// maxBody is how many bytes a request's body may have.
const maxBody = 1 << 20

// codeBadRequest is the code of a request that is not GraphQL over HTTP at all.
const codeBadRequest = "BAD_REQUEST"

// bounded reads the body before anybody works on it, and refuses what is not GraphQL over HTTP, in the form of a GraphQL answer.
func bounded(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.Method {
		case http.MethodOptions:
		case http.MethodGet:
			if message := unreadable(r.URL.RawQuery); message != "" {
				refuse(w, http.StatusBadRequest, message)
				return
			}
		case http.MethodPost:
			if t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || t != "application/json" {
				refuse(w, http.StatusUnsupportedMediaType, "the content type must be application/json")
				return
			}
		default:
			w.Header().Set("Allow", "OPTIONS, GET, POST")
			refuse(w, http.StatusMethodNotAllowed, "the method must be POST or GET")
			return
		}
		if r.Header.Get("Content-Encoding") != "" {
			refuse(w, http.StatusUnsupportedMediaType, "the body must not be compressed")
			return
		}
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
		if _, tooLarge := errors.AsType[*http.MaxBytesError](err); tooLarge {
			refuse(w, http.StatusRequestEntityTooLarge, fmt.Sprintf("the body is larger than the limit of %d bytes", maxBody))
			return
		}
		if err != nil {
			refuse(w, http.StatusBadRequest, "the body could not be read")
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		next.ServeHTTP(w, r)
	})
}

// unreadable says what is wrong with the query of an address; nothing is the empty text.
func unreadable(query string) string {
	values, err := url.ParseQuery(query)
	if err != nil {
		return "the query of the address is not well-formed"
	}
	for _, name := range []string{"variables", "extensions"} {
		var object map[string]json.RawMessage
		if text := values.Get(name); text != "" && json.Unmarshal([]byte(text), &object) != nil {
			return name + " must be a JSON object"
		}
	}
	return ""
}

// refuse answers a request that was not understood as GraphQL.
func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	answer := map[string]any{"errors": []any{map[string]any{"message": message, "extensions": map[string]any{"code": codeBadRequest}}}}
	json.NewEncoder(w).Encode(answer) //nolint:errcheck,errchkjson // the client has gone; nobody is left to tell
}
