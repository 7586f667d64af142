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
	// clockSlack is by how much a source's clock may differ from ours. Its dates are in whole seconds, and beyond half a minute signed
	// calls begin to be refused.
	clockSlack = 30 * time.Second
	// certRenewBefore is how long before its end a certificate is worth a warning: most are renewed by a program a month ahead, so
	// that by then it has failed.
	certRenewBefore = 14 * 24 * time.Hour
)

// Watch follows the calls of the sources that are opened with it as their observer, and learns from the answers what no credential decides: the
// source's clock, and until when its certificate is good. The zero value is ready to use.
type Watch struct {
	// Progress is told what is waited for; nil for nobody.
	Progress io.Writer

	mu    sync.Mutex
	peers map[string]*peer // by source
}

// peer is what the answers of a source have told so far.
type peer struct {
	skew        time.Duration // its clock less ours
	timed       bool          // skew is known
	best        time.Duration // how long the call took by which it is known
	certExpires time.Time
	toldUntil   time.Time // until when it is known that calls wait
}

// Begin follows a call.
func (w *Watch) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{
		Waits: func(d time.Duration) { w.waits(call.Source, call.Op, d, time.Now()) },
		Done: func(end connectors.CallEnd) {
			if end.Sent {
				w.learn(call.Source, &end, time.Now())
			}
		},
	}
}

// worthTelling is how long somebody looks at a command that says nothing before they wonder.
const worthTelling = 3 * time.Second

// waits tells of a wait, once.
func (w *Watch) waits(source, op string, d time.Duration, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peer(source)
	until := now.Add(d)
	if w.Progress == nil || d < worthTelling || !until.After(p.toldUntil.Add(time.Second)) {
		return
	}
	p.toldUntil = until
	fmt.Fprintf(w.Progress, "%s: %s waits %s, to stay within the source's limit\n", source, op, d.Round(time.Second))
}

// peer gives what is known of a source. The lock is held.
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

func (w *Watch) learn(source string, end *connectors.CallEnd, now time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	p := w.peer(source)
	if !end.CertExpires.IsZero() {
		p.certExpires = end.CertExpires
	}
	// The source's clock was read at some time while the call went on: the shortest call tells best. Its second has half passed on average.
	if !end.Date.IsZero() && (!p.timed || end.Took < p.best) {
		p.skew, p.timed, p.best = end.Date.Add(time.Second/2).Sub(now.Add(-end.Took/2)), true, end.Took
	}
}

// findings says what the answers of a source have told.
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
		f.Note = "whoever runs the source must renew it: without, nothing is read"
	}
	return f
}
