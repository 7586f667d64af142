package credential_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/credential"
)

// issuer returns numbered pairs, or an error.
type issuer struct {
	life time.Duration

	mu  sync.Mutex
	err error
	at  []time.Time
}

func (i *issuer) fail(err error) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.err = err
}

// times returns the times of its calls.
func (i *issuer) times() []time.Time {
	i.mu.Lock()
	defer i.mu.Unlock()
	return slices.Clone(i.at)
}

func (i *issuer) exchange(ctx context.Context, g connectors.TokenGrant) (connectors.TokenPair, error) {
	if err := g.Sending(ctx); err != nil {
		return connectors.TokenPair{}, err
	}
	i.mu.Lock()
	defer i.mu.Unlock()
	i.at = append(i.at, time.Now())
	if i.err != nil {
		return connectors.TokenPair{}, i.err
	}
	n := len(i.at)
	return connectors.TokenPair{Access: connectors.Secret(fmt.Sprint("access", n)), Refresh: connectors.Secret(fmt.Sprint("refresh", n)), Lifetime: i.life}, nil
}

// running returns a Renewer that runs until the test calls the returned function.
func running(t *testing.T, store credential.Store) (*credential.Renewer, func()) {
	t.Helper()
	k := credential.New(credential.Options{Store: store})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); k.Run(ctx) }()
	return k, func() { cancel(); <-done; k.Close() }
}

// The Renewer renews a token well before its end, even if no caller requests it, because a refresh token expires if it is not used for a long time.
func TestRenewsEarlyAndUnasked(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store credential.Memory
		k, stop := running(t, &store)
		defer stop()
		i := &issuer{life: 24 * time.Hour}
		tokens := k.Keep("crm", "chain", connectors.TokenGrant{Refresh: "first"}, i.exchange)
		time.Sleep(100 * 24 * time.Hour)
		at := i.times()
		if n := len(at); n < 120 || n > 145 {
			t.Errorf("renewed %d times in 100 days", n)
		}
		for n := 1; n < len(at); n++ {
			if d := at[n].Sub(at[n-1]); d < 16*time.Hour || d > 20*time.Hour {
				t.Errorf("renewed after %s", d)
			}
		}
		if _, err := tokens.Token(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// The Renewer does not renew a chain without a source. When the source comes back, the chain continues where it was.
func TestOnlyWhatIsNeededIsRenewed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store credential.Memory
		k, stop := running(t, &store)
		defer stop()
		stays, goes := &issuer{life: 24 * time.Hour}, &issuer{life: 24 * time.Hour}
		k.Keep("crm", "stays", connectors.TokenGrant{Refresh: "a"}, stays.exchange)
		k.Keep("old", "goes", connectors.TokenGrant{Refresh: "b"}, goes.exchange)
		time.Sleep(time.Hour)
		k.Draft().Commit([]string{"stays"})
		time.Sleep(10 * 24 * time.Hour)
		if n := len(goes.times()); n != 1 {
			t.Errorf("what has left was renewed %d times, want once", n)
		}
		if n := len(stays.times()); n < 10 {
			t.Errorf("what stays was renewed %d times", n)
		}
		var last connectors.TokenGrant
		tokens := k.Keep("old", "goes", connectors.TokenGrant{Refresh: "b"}, func(ctx context.Context, g connectors.TokenGrant) (connectors.TokenPair, error) {
			last = g
			return goes.exchange(ctx, g)
		})
		if got, err := tokens.Token(t.Context()); err != nil || got.Value != "access2" || last.Refresh != "refresh1" {
			t.Errorf("when it is back: %q, %v, exchanged for %q", got.Value, err, last.Refresh)
		}
	})
}

// After a failed renewal, the token stays in use until its end, and the pauses between attempts grow.
func TestFailingRenewal(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store credential.Memory
		k, stop := running(t, &store)
		defer stop()
		i := &issuer{life: 24 * time.Hour}
		tokens := k.Keep("crm", "chain", connectors.TokenGrant{Refresh: "first"}, i.exchange)
		if _, err := tokens.Token(t.Context()); err != nil {
			t.Fatal(err)
		}
		i.fail(&connectors.Error{Kind: connectors.KindTimeout, Detail: "no answer in time", Err: errors.New("canary")})
		time.Sleep(23 * time.Hour)
		if got, err := tokens.Token(t.Context()); err != nil || got.Value.Reveal() != "access1" {
			t.Errorf("an hour before the end: %v, %v", got, err)
		}
		if s := tokens.Credential(); s.State != connectors.CredentialGood || s.Detail == "" {
			t.Errorf("the state is %+v", s)
		}
		if n := len(i.times()); n < 10 || n > 60 {
			t.Errorf("%d attempts in some six hours", n)
		}
		time.Sleep(2 * time.Hour)
		if _, err := tokens.Token(t.Context()); !connectors.IsKind(err, connectors.KindTimeout) {
			t.Errorf("after the end: %v", err)
		}
		if s := tokens.Credential(); s.State != connectors.CredentialExpired {
			t.Errorf("the state is %+v", s)
		}
		i.fail(nil)
		time.Sleep(15 * time.Minute)
		if _, err := tokens.Token(t.Context()); err != nil {
			t.Errorf("when the source is back: %v", err)
		}
	})
}

// If a clock that is ahead of ours dated a pair, the pair is used no longer than its lifetime. An old pair is renewed once.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for name, shift := range map[string]time.Duration{"stored by a clock ahead": 72 * time.Hour, "stored by a clock behind": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var at []time.Time
			for n, wait := range []time.Duration{shift, 72*time.Hour - shift} {
				synctest.Test(t, func(t *testing.T) { // all subtests begin at the same time
					store, err := credential.OpenDir(dir)
					if err != nil {
						t.Fatal(err)
					}
					time.Sleep(wait)
					k := credential.New(credential.Options{Store: store})
					defer k.Close()
					i := &issuer{life: 24 * time.Hour, at: at}
					tokens := k.Keep("crm", "chain", connectors.TokenGrant{Refresh: "first"}, i.exchange)
					for range 2 + 5*24*n {
						if _, err := tokens.Token(t.Context()); err != nil {
							t.Error(err)
						}
						time.Sleep(time.Hour)
					}
					at = i.times()
				})
			}
			if n := len(at); n < 6 || n > 9 { // one, and then those of five days
				t.Errorf("%d exchanges", n)
			}
		})
	}
}

// A caller that waits may go; the renewal continues.
func TestCallerMayGo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store credential.Memory
		k, stop := running(t, &store)
		defer stop()
		i := &issuer{life: time.Hour}
		tokens := k.Keep("crm", "chain", connectors.TokenGrant{Refresh: "first"}, func(ctx context.Context, g connectors.TokenGrant) (connectors.TokenPair, error) {
			time.Sleep(10 * time.Second)
			return i.exchange(ctx, g)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := tokens.Token(ctx); !connectors.IsKind(err, connectors.KindTimeout) {
			t.Errorf("got %v", err)
		}
		time.Sleep(time.Minute)
		if _, err := tokens.Token(t.Context()); err != nil || len(i.times()) != 1 {
			t.Errorf("%v after %d exchanges", err, len(i.times()))
		}
	})
}

// A draft that is dropped changes nothing: the exchange in use stays, and an unused grant stays unused. A committed draft takes effect.
func TestADraftThatIsDroppedHasNoEffect(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var store credential.Memory
		k, stop := running(t, &store)
		defer stop()
		inForce, refused, fresh := &issuer{life: 24 * time.Hour}, &issuer{life: 24 * time.Hour}, &issuer{life: 24 * time.Hour}
		first := k.Draft()
		first.Keep("crm", "chain", connectors.TokenGrant{Refresh: "a"}, inForce.exchange)
		first.Commit([]string{"chain"})
		dropped := k.Draft()
		dropped.Keep("crm", "chain", connectors.TokenGrant{Refresh: "a"}, refused.exchange)
		dropped.Keep("new", "fresh", connectors.TokenGrant{Code: "b"}, fresh.exchange)
		time.Sleep(10 * 24 * time.Hour)
		if got, other, unspent := len(inForce.times()), len(refused.times()), len(fresh.times()); got < 10 || other != 0 || unspent != 0 {
			t.Errorf("asked %d times by the exchange in force, %d times by the refused one, %d times for the fresh grant", got, other, unspent)
		}
		next := k.Draft()
		next.Keep("new", "fresh", connectors.TokenGrant{Code: "b"}, fresh.exchange)
		next.Commit([]string{"fresh"})
		before := len(inForce.times())
		time.Sleep(10 * 24 * time.Hour)
		if got, after := len(fresh.times()), len(inForce.times()); got < 10 || after != before {
			t.Errorf("after the commit asked %d times for the fresh grant, and %d times more for the one that has left", got, after-before)
		}
	})
}
