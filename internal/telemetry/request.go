package telemetry

import (
	"bufio"
	"context"
	"crypto/rand"
	"log/slog"
	"net"
	"net/http"
	"time"

	"roster/internal/httpapi"
)

const (
	requestIDHeader = "X-Request-Id"
	// maxRequestID is how long a caller's own ID of a request may be.
	maxRequestID = 64
	graphPath    = "/graphql"
)

// exchange is one request and what has become of it.
type exchange struct {
	id         string
	start      time.Time
	connection bool // it may carry any number of operations

	apart     bool // its operation is counted by itself
	began     bool // an operation has been found in it
	operation string
	outcome   httpapi.Outcome
}

type exchangeKey struct{}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Handler gives each request an ID, counts those to the graph, and tells the log of all of them at level debug.
func (t *Telemetry) Handler(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{id: requestID(r.Header), start: time.Now(), connection: r.Header.Get("Upgrade") != ""}
		w.Header()[requestIDHeader] = []string{x.id}
		ctx := context.WithValue(r.Context(), exchangeKey{}, x)
		if t.tracing != nil {
			ctx = t.tracing.incoming(ctx, r.Header)
		}
		answer := &answer{ResponseWriter: w}
		in := r.WithContext(ctx)
		defer func() { // also where a panic goes through, which ends the connection
			t.ended(x, in, answer)
			if log.Enabled(ctx, slog.LevelDebug) {
				tell(ctx, log, x, in, answer)
			}
		}()
		next.ServeHTTP(answer, in)
	})
}

// ended counts a request to the graph that has had its one answer.
func (t *Telemetry) ended(x *exchange, r *http.Request, a *answer) {
	if r.URL.Path != graphPath || r.Method == http.MethodOptions || x.connection || x.apart {
		return
	}
	operation := x.operation
	if !x.began {
		operation, x.outcome = unknownType, outcomeOf(a.status)
	}
	of := t.operations.of(operation)
	of.outcomes[x.outcome].Inc()
	of.took.Observe(time.Since(x.start).Seconds())
	of.size.Observe(float64(a.size))
}

// outcomeOf judges a request in which no operation was found.
func outcomeOf(status int) httpapi.Outcome {
	switch {
	case status == http.StatusServiceUnavailable:
		return httpapi.OutcomeTimedOut
	case status >= http.StatusInternalServerError:
		return httpapi.OutcomeFailed
	}
	return httpapi.OutcomeRefused
}

// tell writes the line of a request. Of its address only the route is told: the rest is the caller's.
func tell(ctx context.Context, log *slog.Logger, x *exchange, r *http.Request, a *answer) {
	attrs := []slog.Attr{
		slog.String("route", r.Pattern), slog.Int("status", a.status), slog.Int("bytes", a.size), slog.Duration("took", time.Since(x.start)),
	}
	if r.URL.Path == graphPath {
		operation := x.operation
		if !x.began {
			operation = unknownType
		}
		attrs = append(attrs, slog.String("type", operation), slog.String("outcome", x.outcome.String()))
	}
	log.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

// requestID gives the caller's own ID of the request where it is one that can stand in a log, or else a new one.
func requestID(h http.Header) string {
	if ids := h[requestIDHeader]; len(ids) == 1 && wellFormed(ids[0]) {
		return ids[0]
	}
	return rand.Text()
}

func wellFormed(id string) bool {
	if id == "" || len(id) > maxRequestID {
		return false
	}
	for i := range len(id) {
		switch c := id[i]; {
		case 'a' <= c && c <= 'z', 'A' <= c && c <= 'Z', '0' <= c && c <= '9', c == '-', c == '_', c == '.', c == ':', c == '/', c == '=', c == '+':
		default:
			return false
		}
	}
	return true
}

// answer is a ResponseWriter that remembers what went through it.
type answer struct {
	http.ResponseWriter
	status, size int
}

// WriteHeader notes the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write notes the size.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.size += n
	return n, err
}

// Unwrap gives the writer below, for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush sends what there is.
func (a *answer) Flush() {
	_ = http.NewResponseController(a.ResponseWriter).Flush() // where it cannot, it sends in its own time
}

// Hijack takes the connection over.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(a.ResponseWriter).Hijack()
}
