package httpapi_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/admission"
	"roster/internal/httpapi"
	"roster/internal/persisted"
	"roster/internal/responsecache"
)

// sharedBy returns a handler that keeps answers, and what it counts of the memory of answers.
func sharedBy(a api, limits httpapi.Limits) (http.Handler, func() int) {
	limiter := httpapi.NewLimiter(limits, nil)
	h := httpapi.New(httpapi.Options{API: a, Responses: responsecache.New(1<<20, nil), Limits: limits, Limiter: limiter})
	return h, func() int { return limiter.Pool(admission.AnswerBytes).Stats().Held }
}

// stuck is the client of an answer that it does not read until it is told to.
type stuck struct {
	*httptest.ResponseRecorder
	until <-chan struct{}
}

func (s stuck) Write(b []byte) (int, error) {
	<-s.until
	return s.ResponseRecorder.Write(b)
}

// However an operation gets the answer of another one, it holds no memory when it is over.
func TestSharedAnswersHoldNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		g := &graph{hold: make(chan struct{})}
		h, held := sharedBy(g.api(), httpapi.DefaultLimits())
		body := large(100 << 10)
		var clients sync.WaitGroup
		for range 10 { // one is executed, and nine wait for it
			clients.Go(func() { do(h, post(body)) })
		}
		synctest.Wait()
		close(g.hold)
		clients.Wait()
		if n := held(); n != 0 {
			t.Errorf("after ten operations at once, %d bytes are held", n)
		}
		for name, request := range map[string]string{"by its document": body, "by another text": `{"query":"{ hello }","extensions":{}}`, "by its text": hello} {
			for range 2 {
				do(h, post(request))
			}
			if n := held(); n != 0 {
				t.Errorf("after an answer that is found %s, %d bytes are held", name, n)
			}
		}
		if n := g.executed.Load(); n != 1 {
			t.Errorf("%d operations were executed, want 1", n)
		}
	})
}

// A caller whose share of memory is used up gets no answer, also none that others got.
func TestSharedAnswerNeedsMemory(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		limits.AnswerBytes, limits.PendingAnswerBytes = 1<<10, 64<<10 // enough for a few answers
		g := &graph{}
		h, held := sharedBy(g.api(), limits)
		do(h, post(hello))
		goOn := make(chan struct{})
		for range 4 {
			go h.ServeHTTP(stuck{httptest.NewRecorder(), goOn}, post(hello))
			synctest.Wait()
		}
		rec := do(h, post(hello))
		if !strings.Contains(rec.Body.String(), "LIMIT_EXCEEDED") || rec.Header().Get("Retry-After") == "" {
			t.Errorf("HTTP %d %s, while %d bytes are held", rec.Code, rec.Body, held())
		}
		close(goOn)
		synctest.Wait()
		if n := g.executed.Load(); held() != 0 || n != 1 {
			t.Errorf("%d operations were executed, and %d bytes are held", n, held())
		}
	})
}

// An operation that has waited for another one in vain has the rest of its own time.
func TestWaitingIsPartOfTheTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		h, _ := sharedBy((&graph{hold: make(chan struct{})}).api(), limits) // each operation takes all its time
		var clients sync.WaitGroup
		for i := range 2 {
			clients.Go(func() {
				ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
				defer stop()
				began := time.Now()
				rec := do(h, post(hello).WithContext(ctx))
				if took := time.Since(began); took != limits.OperationTime || !strings.Contains(rec.Body.String(), "TIMEOUT") {
					t.Errorf("client %d gets after %s: HTTP %d %s", i, took, rec.Code, rec.Body)
				}
			})
			synctest.Wait()
			time.Sleep(time.Second)
		}
		clients.Wait()
	})
}

// waiter is a store that waits for the context that it gets, as a connection to Redis does.
type waiter struct{}

func (waiter) Text(context.Context, string) (string, error) { return "", nil }

func (waiter) KeepText(ctx context.Context, _, _ string) error {
	ctx, stop := context.WithTimeout(ctx, time.Second)
	defer stop()
	<-ctx.Done()
	return ctx.Err()
}

// An operation whose document is stored has its time too.
func TestStoredDocumentHasItsTime(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		limits := httpapi.DefaultLimits()
		g := &graph{hold: make(chan struct{})}
		documents := persisted.New(persisted.Options{Recent: persisted.NewRecent(waiter{})})
		h := httpapi.New(httpapi.Options{API: g.api(), Documents: documents, Limits: limits})
		ctx, stop := context.WithTimeout(t.Context(), 10*time.Minute)
		defer stop()
		began := time.Now()
		rec := do(h, named("{ hello }", sha("{ hello }"))["POST"].WithContext(ctx))
		if took := time.Since(began); took != limits.OperationTime+time.Second || !strings.Contains(rec.Body.String(), "TIMEOUT") {
			t.Errorf("after %s: HTTP %d %s", took, rec.Code, rec.Body)
		}
	})
}

// Nobody waits until another client has read its answer.
func TestSlowReaderKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	for name, answer := range map[string]graphql.Response{
		"an answer for one operation only": {Data: json.RawMessage(`{"hello":"x"}`)}, // it has no origin
		"no data":                          {},
		"an answer that is too long":       {Data: json.RawMessage(fmt.Sprintf(`{"hello":%q}`, strings.Repeat("x", 100<<10)))},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				h, held := sharedBy(api{exec: func(context.Context) *graphql.Response { return new(answer) }}, httpapi.DefaultLimits())
				goOn := make(chan struct{})
				go h.ServeHTTP(stuck{httptest.NewRecorder(), goOn}, post(hello))
				synctest.Wait()
				began := time.Now()
				do(h, post(hello))
				if took := time.Since(began); took > 0 {
					t.Errorf("another client waits %s", took)
				}
				close(goOn)
				synctest.Wait()
				if n := held(); n != 0 {
					t.Errorf("%d bytes are held", n)
				}
			})
		})
	}
}
