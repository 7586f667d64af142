package telemetry

import (
	"bufio"
	"context"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"time"

	"roster/internal/httpapi"
)

const (
	requestIDHeader = "X-Request-Id"
	// maxRequestID is the largest length of a caller's own request ID.
	maxRequestID = 64
	graphPath    = "/graphql"
	exportPaths  = "/export/"
	changesPath  = "/changes"
)

// exchange is one request and its answer. It is also the context of the request and the writer of the answer, so that all of it takes one allocation.
type exchange struct {
	context.Context
	answer
	id         [1]string // as the value of a header
	start      time.Time
	connection bool // it may carry any number of operations
	export     bool // it carries one operation after another: the pages of a file

	countedApart bool // its operation is counted separately
	began        bool // an operation was found in it
	operation    string
	outcome      httpapi.Outcome
}

type exchangeKey struct{}

// Value returns the exchange for its key.
func (x *exchange) Value(key any) any {
	if key == (exchangeKey{}) {
		return x
	}
	return x.Context.Value(key)
}

func exchangeOf(ctx context.Context) *exchange {
	x, _ := ctx.Value(exchangeKey{}).(*exchange)
	return x
}

// Handler gives each request an ID, counts the requests to GraphQL, and logs all requests at level debug.
func (t *Telemetry) Handler(next http.Handler, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		x := &exchange{Context: r.Context(), answer: answer{ResponseWriter: w}, start: time.Now(), connection: len(r.Header["Upgrade"]) > 0,
			export: strings.HasPrefix(r.URL.Path, exportPaths)}
		x.id[0] = requestID(r.Header)
		w.Header()[requestIDHeader] = x.id[:]
		ctx := context.Context(x)
		if t.tracing != nil {
			ctx = t.tracing.incoming(ctx, r.Header)
		}
		in := r.WithContext(ctx)
		defer func() { // also after a panic, which ends the connection
			t.ended(x, in)
			if log.Enabled(ctx, slog.LevelDebug) {
				logRequest(ctx, log, x, in)
			}
		}()
		next.ServeHTTP(&x.answer, in)
	})
}

// ended counts a request to GraphQL after its single answer, and one for a file or for changes in which no operation was found.
func (t *Telemetry) ended(x *exchange, r *http.Request) {
	counts := r.URL.Path == graphPath || (x.export || r.URL.Path == changesPath) && !x.began
	if !counts || r.Method == http.MethodOptions || x.connection || x.countedApart {
		return
	}
	operation := x.operation
	if !x.began {
		operation, x.outcome = unknownType, x.refused()
	}
	of := t.operations.of(operation)
	of.outcomes[x.outcome].Inc()
	of.took.Observe(time.Since(x.start).Seconds())
	of.size.Observe(float64(x.size))
}

// refused returns the outcome of a request in which no operation was found.
func (a *answer) refused() httpapi.Outcome {
	switch {
	case a.recorded != httpapi.OutcomeOK:
		return a.recorded
	case a.status >= http.StatusInternalServerError:
		return httpapi.OutcomeFailed
	}
	return httpapi.OutcomeRefused
}

// logRequest logs a request. Of its URL the line has only the route, because the rest comes from the caller.
func logRequest(ctx context.Context, log *slog.Logger, x *exchange, r *http.Request) {
	attrs := []slog.Attr{
		slog.String("route", r.Pattern), slog.Int("status", x.status), slog.Int("bytes", x.size), slog.Duration("took", time.Since(x.start)),
	}
	if r.URL.Path == graphPath {
		operation := x.operation
		if !x.began {
			operation = unknownType
		}
		attrs = append(attrs, slog.String("type", operation), slog.String("outcome", x.outcome.String()))
		if reason := x.outcome.Reason(); reason != "" {
			attrs = append(attrs, slog.String("reason", reason))
		}
	}
	log.LogAttrs(ctx, slog.LevelDebug, "request", attrs...)
}

// requestID returns the caller's own request ID if it is valid in a log, or else a new ID.
func requestID(h http.Header) string {
	if ids := h[requestIDHeader]; len(ids) == 1 && wellFormed(ids[0]) {
		return ids[0]
	}
	return newID()
}

// newID returns an ID that no other request is likely to have. It need not be secret, so it costs no cryptography.
func newID() string {
	const digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
	var id [26]byte
	first, second := rand.Uint64(), rand.Uint64() //nolint:gosec // see above
	for i := range len(id) / 2 {                  // 12 digits of 5 bits, and one of 4
		id[i], id[i+len(id)/2] = digits[first%32], digits[second%32]
		first, second = first/32, second/32
	}
	return string(id[:])
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

// answer is a ResponseWriter that records the status, the size, and why a request was refused.
type answer struct {
	http.ResponseWriter
	status, size int
	recorded     httpapi.Outcome // OutcomeOK for none
}

// RecordOutcome records the outcome of a request in which no operation began; see package httpapi.
func (a *answer) RecordOutcome(o httpapi.Outcome) { a.recorded = o }

// WriteHeader records the status.
func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

// Write records the size.
func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	n, err := a.ResponseWriter.Write(b)
	a.size += n
	return n, err
}

// Unwrap returns the underlying writer, for http.ResponseController.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// Flush sends the buffered data.
func (a *answer) Flush() {
	_ = http.NewResponseController(a.ResponseWriter).Flush() // a writer without Flush sends in its own time
}

// Hijack takes over the connection.
func (a *answer) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	return http.NewResponseController(a.ResponseWriter).Hijack()
}
