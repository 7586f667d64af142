package e2e_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"

	"roster/internal/sandbox"
)

// answer is what a query got.
type answer struct {
	Status int
	Body   []byte
	Data   json.RawMessage
	Errors []problem // those about sources too, wherever they are told; TestSourceErrors looks where
}

// problem is one error of an answer.
type problem struct {
	Message    string
	Path       []any
	Extensions struct {
		Code, Source, Reason string
		RetryAfter           int
	}
}

// ask runs a query by POST.
func (p *program) ask(t *testing.T, query string, variables any) answer {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": query, "variables": variables})
	if err != nil {
		t.Fatal(err)
	}
	return p.send(t, http.MethodPost, "", "application/json", body)
}

// get runs a query by GET.
func (p *program) get(t *testing.T, query string, variables []byte) answer {
	t.Helper()
	values := url.Values{"query": {query}}
	if len(variables) > 0 {
		values.Set("variables", string(variables))
	}
	return p.send(t, http.MethodGet, "?"+values.Encode(), "", nil)
}

// send sends a request to the graph. Whatever the answer is, it is a GraphQL answer and tells nothing that is nobody's business.
func (p *program) send(t *testing.T, method, query, contentType string, body []byte, header ...string) answer {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, p.url+"/graphql"+query, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	if contentType != "" {
		r.Header.Set("Content-Type", contentType)
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatalf("%v; the log:\n%s", err, p.log.String())
	}
	return readAnswer(t, resp)
}

func readAnswer(t *testing.T, resp *http.Response) answer {
	t.Helper()
	defer resp.Body.Close()
	a := answer{Status: resp.StatusCode}
	var err error
	if a.Body, err = io.ReadAll(resp.Body); err != nil {
		t.Fatal(err)
	}
	var apart struct {
		Extensions struct{ Sources []problem }
	}
	if err := errors.Join(json.Unmarshal(a.Body, &a), json.Unmarshal(a.Body, &apart)); err != nil {
		t.Fatalf("the answer, HTTP %d, is not GraphQL's: %v\n%s", a.Status, err, a.Body)
	}
	a.Errors = append(a.Errors, apart.Extensions.Sources...)
	if got := resp.Header.Get("Content-Type"); !strings.HasPrefix(got, "application/json") {
		t.Errorf("the answer calls itself %q, want application/json", got)
	}
	discreet(t, "the answer", string(a.Body))
	for _, e := range a.Errors {
		if strings.Contains(e.Message, "http://") || strings.Contains(e.Message, "127.0.0.1") {
			t.Errorf("an error holds an address: %s", e.Message)
		}
		if e.Message == "" || e.Extensions.Code == "" {
			t.Errorf("an error lacks a message or a code: %+v", e)
		}
	}
	return a
}

// into decodes the data of an answer that has no errors.
func (a answer) into(t *testing.T, data any) {
	t.Helper()
	if len(a.Errors) > 0 {
		t.Fatalf("errors: %+v", a.Errors)
	}
	if err := json.Unmarshal(a.Data, data); err != nil {
		t.Fatalf("%v\n%s", err, a.Data)
	}
}

// canary is in all that broken systems say.
const canary = "canary-in-a-vendors-words"

// secrets are the credentials of the sandbox.
var secrets = sync.OnceValue(func() []string {
	var found []string
	for _, kind := range sandbox.Kinds {
		for key, value := range sandbox.Credentials(kind) {
			if secret, ok := value.(string); ok && key != "user_id" {
				found = append(found, secret)
			}
		}
	}
	return found
})

// discreet checks that a text holds no secret, nothing that a vendor said, and nothing of the program's inside.
func discreet(t *testing.T, what, s string) {
	t.Helper()
	for _, word := range append([]string{canary, "INTERNAL_SERVER_ERROR", "goroutine ", "runtime error", "panic", "DATA RACE", ".go:"}, secrets()...) {
		if strings.Contains(s, word) {
			t.Errorf("%s holds %q:\n%.4000s", what, word, s)
		}
	}
}

// status gives the HTTP status of another path.
func (p *program) status(t *testing.T, path string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body) // so that the connection can be used again
	return resp.StatusCode
}
