package main

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/bench/internal/process"
)

// TestSendReadsWhatNetHTTPWrites sends requests to answers of all forms and lengths. If an answer were not read to its end, the next one on its connection would
// not be understood.
func TestSendReadsWhatNetHTTPWrites(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		length  int
		chunked bool
		status  int
	}{
		{"empty", 0, false, http.StatusOK},
		{"short", 200, false, http.StatusOK},
		{"long", 200_000, false, http.StatusOK},
		{"chunked", 40_000, true, http.StatusOK},
		{"chunked, longer than the buffer", 200_000, true, http.StatusOK},
		{"not modified", 0, false, http.StatusNotModified},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			var bodies sync.Map
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				body, _ := io.ReadAll(r.Body)
				if _, repeated := bodies.LoadOrStore(string(body), true); repeated {
					t.Errorf("%s was sent twice", body)
				}
				if !c.chunked && c.status == http.StatusOK {
					w.Header().Set("Content-Length", fmt.Sprint(c.length))
				}
				w.WriteHeader(c.status)
				for half := range 2 {
					io.WriteString(w, strings.Repeat("x", c.length/2)) //nolint:errcheck // the client finds out
					if c.chunked && half == 0 {
						w.(http.Flusher).Flush()
					}
				}
			}))
			defer server.Close()
			r, err := post("query "+serial, nil)
			if err != nil {
				t.Fatal(err)
			}
			in, answers := io.Pipe()
			out, questions := io.Pipe()
			load := process.Of(questions, in)
			defer questions.Close() //nolint:errcheck // it ends the generator
			go func() { answers.CloseWithError(generateLoad(out, answers)) }()
			from := 0
			for range 2 {
				var got report
				o := order{Address: strings.TrimPrefix(server.URL, "http://"), Requests: []*request{r}, From: from, For: 20 * time.Millisecond}
				if err := load.Ask(o, &got); err != nil {
					t.Fatal(err)
				}
				if got.Failure != "" || got.Answers == 0 || got.Statuses[c.status] != got.Answers || got.Next != from+got.Answers {
					t.Errorf("%+v", got)
				}
				if !c.chunked && got.Bytes != got.Answers*c.length {
					t.Errorf("%d bytes in %d answers, want %d for each", got.Bytes, got.Answers, c.length)
				}
				from = got.Next
			}
		})
	}
}

// TestErrorsOfGraphQLAreCounted: a refusal with status 200 must not count as an answer.
func TestErrorsOfGraphQLAreCounted(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, `{"errors":[]}`) //nolint:errcheck // the client finds out
	}))
	defer server.Close()
	conn, err := server.Client().Transport.(*http.Transport).DialContext(t.Context(), "tcp", strings.TrimPrefix(server.URL, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close() //nolint:errcheck // nothing more is sent
	r := report{Statuses: make(map[int]int)}
	c := &client{conn: conn, in: make([]byte, 4096)}
	if err := c.exchange(get("/", ""), 0, &r); err != nil || r.Errors != 1 {
		t.Errorf("%+v, %v", r, err)
	}
}
