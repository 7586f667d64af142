package httpapi

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

// The context of an operation ends at its deadline, with the request, or with the operation: whether something waits for it or looks at it only now and then.
func TestOperationContext(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		end  func(of *operationContext, stop context.CancelFunc)
		want error
	}{
		"deadline":  {func(*operationContext, context.CancelFunc) { time.Sleep(time.Second) }, context.DeadlineExceeded},
		"request":   {func(_ *operationContext, stop context.CancelFunc) { stop() }, context.Canceled},
		"operation": {func(of *operationContext, _ context.CancelFunc) { of.end() }, context.Canceled},
	} {
		for _, waits := range []bool{true, false} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					request, stop := context.WithCancel(t.Context())
					defer stop()
					of := &operationContext{Context: request, op: &operation{}}
					defer of.end()
					of.endIn(time.Second)
					ended := func() error { return of.Err() }
					if waits {
						below, free := context.WithCancel(of)
						defer free()
						ended = func() error {
							<-below.Done()
							return below.Err()
						}
					}
					if err := of.Err(); err != nil {
						t.Fatalf("it has ended at once: %v", err)
					}
					if at, ok := of.Deadline(); !ok || time.Until(at) != time.Second {
						t.Errorf("the deadline is %v (%v)", at, ok)
					}
					tc.end(of, stop)
					if err := ended(); !errors.Is(err, tc.want) {
						t.Errorf("it ends with %v, want %v", err, tc.want)
					}
				})
			})
		}
	}
}

// Its deadline holds also if something has waited for the context before there was one.
func TestOperationContextBeforeItsDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		of := &operationContext{Context: t.Context(), op: &operation{}}
		defer of.end()
		early, free := context.WithCancel(of)
		defer free()
		of.endIn(time.Second)
		<-of.Done()
		if err := of.Err(); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("it ends with %v", err)
		}
		of.end()
		<-early.Done()
	})
}

// Others look for values of the context while a value is kept: they find it, or find nothing yet.
func TestValuesAreFoundWhileOneIsKept(t *testing.T) {
	t.Parallel()
	type key struct{}
	of := &operationContext{Context: t.Context(), op: &operation{}, handler: &handler{}, running: &graphql.OperationContext{}}
	var looking sync.WaitGroup
	for range 2 {
		looking.Go(func() {
			for range 1000 {
				if v := of.Value(key{}); v != nil && v != "kept" {
					t.Errorf("found %v", v)
				}
			}
		})
	}
	if !of.Keep(key{}, "kept") || of.Keep(key{}, "another") || of.Value(key{}) != "kept" {
		t.Error("the first value is not kept, or a second one is")
	}
	looking.Wait()
}
