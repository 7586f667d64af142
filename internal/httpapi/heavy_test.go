package httpapi_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/admission"
	"roster/internal/httpapi"
)

// The memory of a request counts, with that of its answer, while it waits for data.
func TestRequestMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const length = 200 << 10
		until := make(chan struct{})
		s := serveShared(t, api{exec: func(ctx context.Context) *graphql.Response {
			<-until
			return lengthy(ctx)
		}}, func(l *httpapi.Limits) { l.PendingAnswerBytes = 6 * length })
		defer s.end(t)
		body := strings.TrimSuffix(big, `"}`) + " #" + strings.Repeat("x", length) + `"}`
		c := s.connect(t)
		sendHTTP1(t, c, body)
		synctest.Wait()
		if got := s.stats(admission.AnswerBytes).Held; got < 4*length {
			t.Errorf("a request of %d bytes that waits holds %d", length, got)
		}
		if status, limit := s.ask(t, "another", body); status != http.StatusServiceUnavailable || limit != "pending_answer_bytes" {
			t.Errorf("HTTP %d by %q, want 503 by pending_answer_bytes", status, limit)
		}
		close(until)
		c.Close() //nolint:errcheck // it is a pipe
		synctest.Wait()
		if status, _ := s.ask(t, "another", body); status != http.StatusOK {
			t.Errorf("HTTP %d when there is memory again", status)
		}
	})
}

// A value that would take many times the memory of its text is rejected before it is decoded, in any part of a request.
func TestHeavyValues(t *testing.T) {
	t.Parallel()
	var members strings.Builder
	for i := range 25_000 {
		fmt.Fprintf(&members, `"%x":1,`, i)
	}
	object := "{" + strings.TrimSuffix(members.String(), ",") + "}"
	list := `{"x":[` + strings.Repeat("{},", 10_000) + `{}]}`
	synctest.Test(t, func(t *testing.T) {
		s := serveShared(t, api{exec: lengthy}, nil)
		defer s.end(t)
		for name, more := range map[string]string{
			"members of variables": `"variables":` + object, "members of extensions": `"extensions":` + object,
			"items of extensions":  `"extensions":` + list,
			"levels of extensions": `"extensions":{"x":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`,
		} {
			r := post(strings.TrimSuffix(big, "}")+","+more+"}", "Authorization", "somebody")
			r.URL.Scheme, r.URL.Host, r.RequestURI = "http", "localhost", ""
			resp, err := s.client.Do(r.WithContext(t.Context()))
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if resp.StatusCode != http.StatusBadRequest {
				t.Errorf("%s: HTTP %d, want 400", name, resp.StatusCode)
			}
		}
	})
}
