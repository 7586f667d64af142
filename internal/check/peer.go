package check

import (
	"context"
	"fmt"
	"io"
	"sync"
	"time"

	"roster/connectors"
)

const (
	// clockSlack is the difference of clocks that is tolerated. The source's Date header is in whole seconds, and beyond half a minute sources begin to
	// refuse signed calls.
	clockSlack = 30 * time.Second
	// certRenewBefore is the remaining lifetime of a certificate below which there is a warning. Most certificates are renewed automatically a month
	// before their end, so renewal has probably failed by then.
	certRenewBefore = 14 * 24 * time.Hour
)

// Watch observes the calls of the sources that are opened with it. From the answers it learns what does not depend on a credential: the source's clock,
// and the end of its certificate. The zero value is ready to use.
type Watch struct {
	// Progress, if not nil, gets a line for each long wait.
	Progress io.Writer

	// Names are the sources of which Sources reports.
	Names []string

	mu    sync.Mutex
	peers map[string]*peer // by source
}

// peer is what the answers of a source have shown so far.
type peer struct {
	skew          time.Duration // its clock minus ours
	timed         bool          // skew is known
	best          time.Duration // the duration of the call from which skew is known
	certExpires   time.Time
	reportedUntil time.Time // the end of the last wait that was reported
	far           far
}

// Begin observes a call; see connectors.Observer.
func (w *Watch) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{
		Waits: func(d time.Duration) { w.waits(call.Source, call.Op, d, time.Now()) },
		Done: func(end connectors.CallEnd) {
			if end.Sent {
				w.record(call.Source, &end, time.Now())
			}
		},
	}
}

// minReported is the shortest wait that is reported. A user begins to wonder when a command is silent for longer.
const minReported = 3 * time.Second

// waits reports a wait, once.
func (w *Watch) waits(source, op string, d time.Duration, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peer(source)
	until := now.Add(d)
	if w.Progress == nil || d < minReported || !until.After(p.reportedUntil.Add(time.Second)) {
		return
	}
	p.reportedUntil = until
	fmt.Fprintf(w.Progress, "%s: %s waits %s, to stay within the source's limit\n", source, op, d.Round(time.Second))
}

// peer returns what is known of a source. The caller holds the lock.
func (w *Watch) peer(source string) *peer {
	if w.peers == nil {
		w.peers = make(map[string]*peer)
	}
	p := w.peers[source]
	if p == nil {
		p = &peer{}
		w.peers[source] = p
	}
	return p
}

func (w *Watch) record(source string, end *connectors.CallEnd, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peer(source)
	if !end.CertExpires.IsZero() {
		p.certExpires = end.CertExpires
	}
	// The source read its clock at some time during the call, so the shortest call is the most accurate. On average, half of its second had passed.
	if !end.Date.IsZero() && (!p.timed || end.Took < p.best) {
		p.skew, p.timed, p.best = end.Date.Add(time.Second/2).Sub(now.Add(-end.Took/2)), true, end.Took
	}
}

// findings returns what the answers of a source have shown.
func (w *Watch) findings(source string, now time.Time) []connectors.Finding {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peers[source]
	if p == nil {
		return nil
	}
	var found []connectors.Finding
	if p.timed {
		found = append(found, clock(p.skew))
	}
	if !p.certExpires.IsZero() {
		found = append(found, certificate(p.certExpires, now))
	}
	return found
}

func clock(skew time.Duration) connectors.Finding {
	if skew.Abs() <= clockSlack {
		return connectors.Finding{What: "its clock agrees with ours", OK: true}
	}
	direction := "ahead of"
	if skew < 0 {
		direction = "behind"
	}
	return connectors.Finding{
		What: fmt.Sprintf("its clock is %s %s ours", skew.Abs().Round(time.Second), direction),
		Note: "set the one that is wrong: signatures and the times of changes go by both",
	}
}

func certificate(expires, now time.Time) connectors.Finding {
	left := expires.Sub(now)
	f := connectors.Finding{
		What: fmt.Sprintf("TLS certificate good until %s, %d days", expires.UTC().Format(time.DateOnly), int(left/(24*time.Hour))),
		OK:   left > certRenewBefore,
	}
	if !f.OK {
		f.Note = "the operator of the source must renew it, or the source cannot be read"
	}
	return f
}
