package snapshot_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// saveHook is a shared store whose Save does what the test sets.
type saveHook struct {
	snapshot.SharedStore
	mu   sync.Mutex
	save func(ctx context.Context) error // nil for the ordinary Save
}

func (p *saveHook) set(save func(ctx context.Context) error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.save = save
}

func (p *saveHook) Acquire(ctx context.Context, c snapshot.LeaseRequest) (snapshot.Lease, snapshot.Info, error) {
	lease, mark, err := p.SharedStore.Acquire(ctx, c)
	if lease != nil {
		lease = &pickyLease{lease, p}
	}
	return lease, mark, err
}

type pickyLease struct {
	snapshot.Lease
	store *saveHook
}

func (p *saveHook) takes(ctx context.Context) error {
	p.mu.Lock()
	save := p.save
	p.mu.Unlock()
	if save == nil {
		return nil
	}
	return save(ctx)
}

func (p *saveHook) Put(ctx context.Context, s snapshot.Stored) (int64, error) {
	if err := p.takes(ctx); err != nil {
		return 0, err
	}
	return p.SharedStore.Put(ctx, s)
}

func (l *pickyLease) Save(ctx context.Context, s snapshot.Stored) (int64, error) {
	if err := l.store.takes(ctx); err != nil {
		return 0, err
	}
	return l.Lease.Save(ctx, s)
}

func TestLogTellsOnceThatNothingCanBeStored(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &saveHook{SharedStore: localstore.New().Join()}
		store.set(func(context.Context) error { return errors.New("no space left") })
		var log bytes.Buffer
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.SharedStore, opt.Logger = store, slog.New(slog.NewTextHandler(&log, nil))
		k := snapshot.New(opt)
		stop := start(t, k)
		said := func() (out []string) {
			for line := range strings.Lines(log.String()) {
				if strings.Contains(line, "stored") {
					out = append(out, line)
				}
			}
			return out
		}
		pass(10 * time.Minute)
		if got := said(); len(got) != 1 || !strings.Contains(got[0], "WARN") || !strings.Contains(got[0], "no space left") ||
			!strings.Contains(got[0], "source=a collection=accounts") {
			t.Errorf("while it fails: %q", got)
		}
		store.set(nil)
		pass(10 * time.Minute)
		stop()
		if got := said(); len(got) != 2 || !strings.Contains(got[1], "INFO") {
			t.Errorf("when it works again: %q", got)
		}
	})
}

// A server that starts with the data of others says that it is not from the source.
func TestLogSaysWhereDataCameFrom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		common := localstore.New()
		for _, want := range []string{"source", "redis"} {
			var log bytes.Buffer
			opt := one(scripted(step{ids: []string{"1"}}))
			opt.SharedStore, opt.TierKind, opt.Logger = common.Join(), snapshot.TierRedis, slog.New(slog.NewTextHandler(&log, nil))
			stop := start(t, snapshot.New(opt))
			pass(time.Second)
			stop()
			if !strings.Contains(log.String(), "records=1 from="+want+"\n") {
				t.Errorf("the log does not say that the data is from %s:\n%s", want, &log)
			}
		}
	})
}

func TestStoringDoesNotHoldUpTheEnd(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := &saveHook{SharedStore: localstore.New().Join()}
		saving := make(chan struct{})
		began := sync.OnceFunc(func() { close(saving) })
		store.set(func(ctx context.Context) error {
			began()
			<-ctx.Done()
			return ctx.Err()
		})
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.SharedStore = store
		stop := start(t, snapshot.New(opt))
		<-saving
		told := time.Now()
		stop()
		if took := time.Since(told); took > 5*time.Second {
			t.Errorf("it took %v to end", took)
		}
	})
}

// A loop that learns only from its request that it may not fetch wakes the callers that wait for a fetch.
func TestRefusedReadingIsNotWaitedFor(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		opt := one(scripted(step{ids: []string{"1"}}))
		opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: time.Hour, MinInterval: time.Minute}}
		opt.SharedStore = store.Join()
		k := snapshot.New(opt)
		defer start(t, k)()
		pass(2 * time.Minute)
		// Another replica gets the lease, and crashes.
		lease, _, err := store.Join().Acquire(t.Context(), snapshot.LeaseRequest{Item: snapshot.StoreKey{Key: accounts}, Have: 1 << 62, MinInterval: time.Minute})
		if lease == nil || err != nil {
			t.Fatal("no lease", err)
		}
		lease.Release(t.Context())
		if got, took := timedSince(t.Context(), k, 0, snapshot.Requirement{}); took != 0 {
			t.Errorf("got %s after %v, and could have known at once", got, took)
		}
	})
}

// holed is a shared store that has lost the parts of all incomplete snapshots.
type holed struct{ snapshot.SharedStore }

func (h *holed) Load(ctx context.Context, item snapshot.StoreKey, meta snapshot.Meta) ([][]byte, error) {
	if !meta.Complete {
		return nil, nil
	}
	return h.SharedStore.Load(ctx, item, meta)
}

func TestDamagedProgressCostsNoReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		store := localstore.New()
		s := scripted(step{ids: numbered(100), pages: 100, takes: 100 * time.Second})
		opt := one(s)
		opt.SharedStore = store.Join()
		defer start(t, snapshot.New(opt))()
		pass(10 * time.Second)
		opt = one(s)
		opt.SharedStore = &holed{store.Join()}
		other := snapshot.New(opt)
		defer start(t, other)()
		pass(100 * time.Second)
		if st := other.Statuses()[0]; st.State != snapshot.Fresh || st.Count != 100 {
			t.Errorf("the other has %+v", st)
		}
		if n := len(s.reads()); n != 1 {
			t.Errorf("the source was read %d times", n)
		}
	})
}
