package rest_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

type long struct{ bytes int }

func (l long) RoundTrip(r *http.Request) (*http.Response, error) {
	body := io.NopCloser(strings.NewReader(`"` + strings.Repeat("a", l.bytes) + `"`))
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: body, Request: r}, nil
}

// Long answers of all sources share one memory, which a fetch holds until it has read the rows of its latest answer.
func TestLongAnswersWaitForEachOther(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const mib = 1 << 20
		runtime := connectors.Runtime{Memory: connectors.NewMemory(5 * mib)}
		source := func(bytes int) *rest.Client {
			c, err := rest.New(rest.Options{
				Source: "acme", Base: "https://acme.example", Runtime: runtime, Transport: long{bytes}, Bounds: connectors.Bounds{Bytes: 4 * mib}, Retries: new(0),
				Judge: func(*rest.Response) *connectors.Error { return nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		read := func(ctx context.Context, c *rest.Client) error {
			_, err := c.Do(ctx, rest.Request{Op: "users.list", Path: "users"})
			return err
		}
		first, end := connectors.WithFetch(t.Context())
		for range 2 { // the second page takes the place of the first
			if err := read(first, source(2*mib)); err != nil {
				t.Fatal(err)
			}
		}
		if err := read(t.Context(), source(mib/2)); err != nil {
			t.Errorf("a short answer: %v", err)
		}
		err := read(t.Context(), source(2*mib))
		if !connectors.IsKind(err, connectors.KindTimeout) || !strings.Contains(err.Error(), "limits.fetch_bytes") {
			t.Errorf("beside another fetch: %v", err)
		}
		done := make(chan error, 1)
		go func() { done <- read(t.Context(), source(2*mib)) }()
		time.Sleep(time.Second)
		select {
		case err := <-done:
			t.Errorf("it did not wait: %v", err)
		default:
		}
		end()
		if err := <-done; err != nil {
			t.Errorf("after the other fetch: %v", err)
		}
		if err := read(t.Context(), source(2*mib)); err != nil {
			t.Errorf("without a fetch, memory is given back at once: %v", err)
		}
	})
}
