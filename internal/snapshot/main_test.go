package snapshot_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/snapshot"
)

func TestMain(m *testing.M) {
	// The coders outlive each test, and must not be created within a test's bubble.
	parts, err := snapshot.Encode(connectors.Teams, snapshot.Records{Teams: []connectors.Team{{ID: "1"}}})
	if err == nil {
		_, err = snapshot.Decode(connectors.Teams, parts, 1)
	}
	if err != nil {
		panic(err)
	}
	goleak.VerifyTestMain(m)
}

// step is one fetch of a scripted collection.
type step struct {
	ids   []string
	short bool // the fetch ends without an error, and is incomplete
	err   error
	takes time.Duration
	pages int    // listings reported as progress, spread evenly over the time
	hang  bool   // until ctx ends
	first func() // called at its start
	then  func() // called at its end
	want  *int   // the source's own count
	panic any    // the panic value, instead of an end
}

// script is a collection with scripted fetches; the last step repeats.
type script struct {
	mu      sync.Mutex
	steps   []step
	starts  []time.Time
	running int
	overlap bool
}

func scripted(steps ...step) *script { return &script{steps: steps} }

// set replaces the steps that follow.
func (s *script) set(steps ...step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.steps = steps
}

// reads returns when the fetches began.
func (s *script) reads() []time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.starts)
}

func (s *script) begin() step {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.starts = append(s.starts, time.Now())
	s.running++
	s.overlap = s.overlap || s.running > 1
	now := s.steps[0]
	if len(s.steps) > 1 {
		s.steps = s.steps[1:]
	}
	return now
}

func (s *script) run(ctx context.Context, tell func(ids []string)) (step, error) {
	now := s.begin()
	if now.first != nil {
		now.first()
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.running--
	}()
	if now.panic != nil {
		panic(now.panic)
	}
	if now.hang {
		<-ctx.Done()
		return step{}, &connectors.Error{Kind: connectors.KindTimeout, Err: ctx.Err()}
	}
	parts := max(now.pages, 1)
	for page := 1; page <= parts; page++ {
		if err := pause(ctx, now.takes/time.Duration(parts)); err != nil {
			return step{}, &connectors.Error{Kind: connectors.KindTimeout, Err: err}
		}
		if page < parts {
			tell(now.ids[:len(now.ids)*page/parts])
		}
	}
	if now.then != nil {
		now.then()
	}
	return now, now.err
}

func pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s *script) accounts() connectors.Lister[connectors.Account] {
	return connectors.ListFunc[connectors.Account](
		func(ctx context.Context, progress connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			listing := func(ids []string, want *int, complete bool) connectors.Listing[connectors.Account] {
				l := connectors.Listing[connectors.Account]{Expected: want, Complete: complete}
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Account{ID: id, Name: "N" + id})
				}
				return l
			}
			now, err := s.run(ctx, func(ids []string) {
				if progress != nil {
					progress(listing(ids, nil, false))
				}
			})
			return listing(now.ids, now.want, !now.short && err == nil), err
		})
}

func (s *script) teams() connectors.Lister[connectors.Team] {
	return connectors.ListFunc[connectors.Team](
		func(ctx context.Context, _ connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
			now, err := s.run(ctx, func([]string) {})
			l := connectors.Listing[connectors.Team]{Complete: !now.short && err == nil}
			for _, id := range now.ids {
				l.Records = append(l.Records, connectors.Team{ID: id})
			}
			return l, err
		})
}

func (s *script) roles() connectors.Lister[connectors.Role] {
	return connectors.ListFunc[connectors.Role](
		func(ctx context.Context, _ connectors.Progress[connectors.Role]) (connectors.Listing[connectors.Role], error) {
			_, err := s.run(ctx, func([]string) {})
			return connectors.Listing[connectors.Role]{Complete: err == nil}, err
		})
}

var accounts = snapshot.Key{Source: "a", Collection: connectors.Accounts}

// one returns the options for one source with accounts only.
func one(s *script) snapshot.Options {
	return snapshot.Options{Sources: []*connectors.Source{{Name: "a", Accounts: s.accounts()}}}
}

// bubble runs f in a synctest bubble, with a running keeper.
func bubble(t *testing.T, opt snapshot.Options, f func(t *testing.T, k *snapshot.Keeper)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		k := snapshot.New(opt)
		stop := start(t, k)
		f(t, k)
		stop()
	})
}

// start runs the keeper, and returns a function that stops the keeper and waits for its end.
func start(t *testing.T, k *snapshot.Keeper) (stop func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- k.Run(ctx) }()
	return sync.OnceFunc(func() {
		cancel()
		if err := <-over; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
}

// pass lets time pass until all goroutines block.
func pass(d time.Duration) {
	<-time.After(d)
	synctest.Wait()
}

// timed loads the accounts of source a, and returns how long the caller had to wait.
func timed(ctx context.Context, k *snapshot.Keeper) (snapshot.Result, time.Duration) {
	asked := time.Now()
	r := k.Load(ctx, []snapshot.Key{accounts})[0]
	return r, time.Since(asked)
}

// brief returns a result in one line: state, records, failure.
func brief(r snapshot.Result) string {
	var ids []string
	if r.Snapshot != nil {
		for _, a := range r.Snapshot.Records.Accounts {
			ids = append(ids, a.ID)
		}
	}
	s := fmt.Sprintf("%v%v", r.Status.State, ids)
	if r.Status.Err != nil {
		s += " " + r.Status.Err.Kind.String()
	}
	return s
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = strconv.Itoa(1000 + i)
	}
	return ids
}

func fails(kind connectors.ErrorKind) step {
	return step{err: &connectors.Error{Source: "a", Op: "list", Kind: kind}}
}

// begins returns the second result of Refresh: whether a fetch is in progress or begins.
func begins(_ time.Time, ok bool) bool { return ok }
