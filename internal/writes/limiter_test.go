package writes_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/writes"
)

// Writes whose callers have gone are bounded, for each caller and in all: a caller that disconnects again and again does not accumulate work.
func TestWritesAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		w, stop := newWorld(t, v, nil, func(o *writes.Options) { o.MaxOfCaller, o.MaxInAll = 8, 32 })
		defer stop()
		create := func(ctx context.Context, caller, name string) writes.Result {
			return must(w.writer.CreateTeam(ctx, writes.Request{Source: "ws", Method: "key", Caller: caller}, writes.CreateTeam{Name: name}))
		}
		// leave has a caller begin as many writes as may be under way, and then disconnect.
		leave := func(caller string) {
			ctx, gone := context.WithCancel(t.Context())
			var all sync.WaitGroup
			for n := range 8 {
				all.Go(func() {
					if res := create(ctx, caller, fmt.Sprint(caller, n)); res.Outcome != writes.Unknown {
						t.Errorf("%s, who has gone, is told %+v", caller, res)
					}
				})
			}
			synctest.Wait()
			gone()
			all.Wait()
		}
		refused := func(caller, why string) {
			t.Helper()
			before := v.calls()
			res := create(t.Context(), caller, "One More")
			if res.Outcome != writes.Rejected || len(res.Errors) != 1 || res.Errors[0].Code != writes.Refused ||
				!strings.Contains(res.Errors[0].Message, why) || !strings.Contains(res.Errors[0].Message, "nothing was sent") {
				t.Errorf("%s: %+v, want that it is refused as %q", caller, res, why)
			}
			if v.calls() != before {
				t.Errorf("%s: something was sent", caller)
			}
		}
		v.tune(func(v *vendor) {
			for range 500 {
				v.fates = append(v.fates, tooMany)
			}
		})
		leave("ann")
		refused("ann", "of this caller")
		for _, caller := range []string{"ben", "cem", "dan"} { // ann's writes do not block them
			leave(caller)
		}
		refused("eve", "as many writes as may be")
		v.tune(func(v *vendor) { v.fates = nil })
		time.Sleep(10 * time.Second)
		for _, caller := range []string{"ann", "eve"} {
			if res := create(t.Context(), caller, "Later "+caller); res.Outcome != writes.Done {
				t.Errorf("%s, when the others are over: %+v", caller, res)
			}
		}
	})
}
