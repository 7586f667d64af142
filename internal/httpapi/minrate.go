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

	"roster/internal/access"
)

// Drop is the reason why a client lost a connection, or one stream or message of it.
type Drop uint8

// The reasons.
const (
	SlowReader Drop = iota // it received its answer more slowly than Limits.MinRate
	SlowSender             // it sent its body or message more slowly than that
)

// Drops are all reasons.
var Drops = [...]Drop{SlowReader, SlowSender}

// String returns the name of the reason.
func (d Drop) String() string { return [...]string{"slow_reader", "slow_sender"}[d] }

// Both wrap os.ErrDeadlineExceeded, so that code that does not know them treats them as exceeded deadlines.
var (
	errSlowReader = fmt.Errorf("the client reads more slowly than the minimum rate: %w", os.ErrDeadlineExceeded)
	errSlowSender = fmt.Errorf("the client sends more slowly than the minimum rate: %w", os.ErrDeadlineExceeded)
)

// readStep is how many bytes a client may receive before it acknowledges them. Systems and libraries enlarge a window in steps: of half of 64 KiB, the initial
// window of HTTP/2, or of a sixteenth of a TCP receive buffer.
const readStep = 32 << 10

// minRate is the minimum rate at which clients must send and receive. Nil means no minimum.
type minRate struct {
	rate    int // bytes per second
	grace   time.Duration
	dropped func(Drop) // called for each client that is too slow
}

// allowance is how long one client may still make the server wait. It falls while the server waits, and rises with each byte and while the server does not
// wait, up to a maximum. So a client cannot save up more than the maximum, however fast its first bytes were.
type allowance struct {
	rate            int
	remaining, most time.Duration
	idleSince       time.Time // since when the server has not waited; zero if it has never waited, and then remaining is most
}

func (m *minRate) ofSender() allowance {
	return allowance{rate: m.rate, remaining: m.grace, most: m.grace}
}

func (m *minRate) ofReader() allowance {
	most := m.grace + timeFor(readStep, m.rate)
	return allowance{rate: m.rate, remaining: most, most: most}
}

// resume records that the server begins to wait.
func (a *allowance) resume(now time.Time) {
	if !a.idleSince.IsZero() {
		a.remaining = min(a.most, a.remaining+now.Sub(a.idleSince))
	}
}

// spend records the time that was waited, and the bytes that were transferred.
func (a *allowance) spend(waited time.Duration, bytes int) {
	a.remaining = min(a.most, a.remaining-waited+timeFor(bytes, a.rate))
}

func timeFor(bytes, rate int) time.Duration {
	return time.Duration(float64(bytes) / float64(rate) * float64(time.Second))
}

// drops counts dropped clients.
type drops struct {
	observe func(Drop) // may be nil
	log     *slog.Logger

	mu    sync.Mutex
	told  seldom
	since [len(Drops)]int
}

// add counts a dropped client.
func (d *drops) add(why Drop) {
	if d.observe != nil {
		d.observe(why)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.since[why]++
	if d.told.due() {
		d.log.Warn("clients were dropped because they read or sent more slowly than limits.min_rate",
			slog.Int("readers", d.since[SlowReader]), slog.Int("senders", d.since[SlowSender]))
		d.since = [len(Drops)]int{}
	}
}

// logInterval is the shortest time between two log lines of one kind about clients, because an attacker could otherwise fill the log.
const logInterval = time.Minute

// seldom is when log lines of one kind may be written.
type seldom struct{ next time.Time }

// due reports whether a line may be written now, and assumes that it is.
func (s *seldom) due() bool {
	now := time.Now()
	if now.Before(s.next) {
		return false
	}
	s.next = now.Add(logInterval)
	return true
}

type connKey struct{}

// withConn returns the context for a connection's requests.
func withConn(ctx context.Context, c net.Conn) context.Context {
	if counted := countedOf(c); counted != nil {
		return context.WithValue(access.WithAddress(ctx, counted.client), connKey{}, counted)
	}
	return ctx
}

// countedOf returns the countedConn of a connection, also below TLS, or nil.
func countedOf(c net.Conn) *countedConn {
	if secure, ok := c.(*tls.Conn); ok {
		c = secure.NetConn()
	}
	counted, _ := c.(*countedConn)
	return counted
}

// enforce enforces the rate for a handler's requests: for their bodies, and for answers that wait for the window of an HTTP/2 stream. The connection
// enforces it for everything else that is written.
func (m *minRate) enforce(next http.Handler, bodyTime time.Duration) http.Handler {
	if m == nil {
		return next
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		conn, ok := r.Context().Value(connKey{}).(*countedConn)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		if r.ProtoMajor < 2 {
			if r.Body != http.NoBody {
				r.Body = &minRateBody{ReadCloser: r.Body, of: m, conn: conn, patience: m.ofSender()}
			}
			next.ServeHTTP(w, r)
			return
		}
		control := http.NewResponseController(w)
		if r.Body != http.NoBody {
			by := conn.reads.get()
			if bodyTime > 0 {
				by = time.Now().Add(bodyTime)
			}
			r.Body = &minRateStreamBody{ReadCloser: r.Body, of: m, control: control, by: by, patience: m.ofSender()}
		}
		next.ServeHTTP(&minRateStream{ResponseWriter: w, of: m, control: control, conn: conn, patience: m.ofReader()}, r)
	})
}

func isDeadline(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }
