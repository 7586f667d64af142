//go:build linux

package attack_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
)

// ordeal is what goes on while a program is ended. What it gives ends that.
type ordeal func(t *testing.T, p *target, v *vendors) (over func())

// foesHold has all foes hold what they can.
func foesHold(hold holder) ordeal {
	return func(t *testing.T, p *target, _ *vendors) func() {
		t.Helper()
		return p.held(t, allFoes(t), hold)
	}
}

// endlessSource has a source that is being read answer without an end.
func endlessSource(t *testing.T, p *target, v *vendors) func() {
	t.Helper()
	asked := make(chan struct{})
	var once sync.Once
	v.spoilt.Store(&spoilt{"/contacts", func(w http.ResponseWriter, r *http.Request) {
		once.Do(func() { close(asked) })
		w.Header().Set("Content-Type", "application/json")
		for r.Context().Err() == nil {
			if _, err := io.CopyN(w, spaces{}, 1<<10); err != nil {
				return
			}
			w.(http.Flusher).Flush() //nolint:forcetypeassert // it is one
		}
	}})
	g := &ground{target: p, vendors: v, foes: allFoes(t)}
	g.refresh(t, "kommo")
	<-asked
	return func() { v.spoilt.Store(nil) }
}

// terminatedUnder ends a program of its own under an ordeal, beside good clients who go on asking until it is not ready. Each of these is answered, and the program
// ends.
func terminatedUnder(o ordeal) func(*testing.T, *ground, string) (answer, used) {
	return func(t *testing.T, _ *ground, _ string) (answer, used) {
		t.Helper()
		v := newVendors(t)
		settings := v.settings()
		settings["drain_delay"] = "2s"
		p := serve(t, settings)
		return p.measured(t, func() answer {
			defer o(t, p, v)()
			var clients sync.WaitGroup
			var answers atomic.Int64
			var elsewhere atomic.Bool
			for i := range others {
				clients.Go(func() {
					client := from(fmt.Sprintf("127.0.5.%d", i+1))
					defer client.CloseIdleConnections()
					for !elsewhere.Load() {
						if a := p.sendWithin(context.Background(), client, http.MethodPost, "", onlyOnce(document(plainly)), "Authorization", "Bearer "+keyOf(i)); a.status != http.StatusOK {
							t.Errorf("a request is lost: HTTP %d %.300s", a.status, a.body)
							return
						}
						answers.Add(1)
					}
				})
			}
			until(func() bool { return t.Failed() || answers.Load() > 10*others })
			p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it is there
			balancer := from("127.0.5.100")
			defer balancer.CloseIdleConnections()
			until(func() bool {
				a := sendTo(t.Context(), balancer, http.MethodGet, "http://"+p.address+"/readyz", nil)
				return t.Failed() || a.status == http.StatusServiceUnavailable
			})
			elsewhere.Store(true)
			clients.Wait()
			if !until(func() bool { p.peak(t); return p.over() }) {
				t.Errorf("the program does not end; its log:\n%.3000s", p.log.String())
			}
			return answer{}
		})
	}
}
