package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"
	"time"
)

// Drop says why a client lost a connection, or one stream or message of it.
type Drop uint8

// The reasons.
const (
	SlowReader Drop = iota // it took its answer more slowly than Limits.MinRate
	SlowSender             // its body, or its message, came more slowly than that
)

// Drops are all reasons.
var Drops = [...]Drop{SlowReader, SlowSender}

// String gives the reason in a word.
func (d Drop) String() string { return [...]string{"slow_reader", "slow_sender"}[d] }

// Both are deadlines that were exceeded, and are handled as such by who does not know them.
var (
	errSlowReader = fmt.Errorf("the client reads more slowly than the minimum rate: %w", os.ErrDeadlineExceeded)
	errSlowSender = fmt.Errorf("the client sends more slowly than the minimum rate: %w", os.ErrDeadlineExceeded)
)

// readStep is how many bytes a client may take before it says so. Systems and libraries give a window back in steps: of half of 64 KiB, the window that
// HTTP/2 begins with, or of a sixteenth of a TCP receive buffer.
const readStep = 32 << 10

// minRate is how fast clients have to send and to read; nil where that is not measured.
type minRate struct {
	rate    int // bytes per second
	grace   time.Duration
	dropped func(Drop) // is told of each that is not fast enough
}

// allowance is how long one client may still keep the server waiting: it falls while the server waits, and rises with each byte and while the server
// does not wait, up to a maximum. So nobody is ahead by more than that, however fast the first bytes were.
type allowance struct {
	rate       int
	left, most time.Duration
	idle       time.Time // since when the server does not wait
}

func (m *minRate) ofSender() allowance {
	return allowance{rate: m.rate, left: m.grace, most: m.grace, idle: time.Now()}
}

func (m *minRate) ofReader() allowance {
	most := m.grace + timeFor(readStep, m.rate)
	return allowance{rate: m.rate, left: most, most: most, idle: time.Now()}
}

// resume says that the server begins to wait.
func (a *allowance) resume(now time.Time) { a.left = min(a.most, a.left+now.Sub(a.idle)) }

// spend counts the time that was waited, and the bytes that went through.
func (a *allowance) spend(waited time.Duration, bytes int) {
	a.left = min(a.most, a.left-waited+timeFor(bytes, a.rate))
}

func timeFor(bytes, rate int) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
}

// dropsToldEvery is how often the log tells of clients that were dropped.
const dropsToldEvery = time.Minute

// drops counts the clients that were dropped.
type drops struct {
	observe func(Drop) // nil for nobody
	log     *slog.Logger

	mu    sync.Mutex
	next  time.Time // when the log may tell of others
	since [len(Drops)]int
}

// add counts one. Whoever could make a line for each of their connections would fill the log.
func (d *drops) add(why Drop) {
	if d.observe != nil {
		d.observe(why)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since[why]++
	now := time.Now()
	if now.Before(d.next) {
		return
	}
	d.log.Warn("clients were dropped since they read or sent more slowly than limits.min_rate",
		slog.Int("readers", d.since[SlowReader]), slog.Int("senders", d.since[SlowSender]))
	d.next, d.since = now.Add(dropsToldEvery), [len(Drops)]int{}
}

type connKey struct{}

// withConn gives the context of a connection's requests.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if counted := countedOf(c); counted != nil {
		return context.WithValue(ctx, connKey{}, counted)
	}
	return ctx
}

// countedOf gives the connection below TLS; nil where it is none of ours.
func countedOf(c net.Conn) *countedConn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	counted, _ := c.(*countedConn)
	return counted
}

// hold holds the requests of a handler to the rate: their bodies, and answers that wait for the window of an HTTP/2 stream. The connection holds
// everything else that is written.
func (m *minRate) hold(next http.Handler, bodyTime time.Duration) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connKey{}).(*countedConn)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		streams := r.ProtoMajor == 2
		if r.Body != http.NoBody {
			by := conn.readDeadline()
			if streams && bodyTime > 0 {
				by = time.Now().Add(bodyTime)
			}
			r.Body = &heldBody{ReadCloser: r.Body, of: m, control: control, by: by, left: m.ofSender()}
		}
		if streams {
			w = &heldStream{ResponseWriter: w, of: m, control: control, conn: conn, left: m.ofReader()}
		}
		next.ServeHTTP(w, r)
	})
}

// earlier gives the earlier of two deadlines, of which zero is none.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func isDeadline(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
