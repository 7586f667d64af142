package presence_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/presence"
)

// telling is an office that tells of changes to one watcher at a time.
type telling struct {
	office
	watch       sync.Mutex
	connections int
	refuses     error         // of each connection
	silent      bool          // connections never begin
	lingers     time.Duration // how long a connection that is to end takes for that
	each        func(connectors.PresenceUpdate)
	cut         chan error
}

func (o *telling) WatchPresence(ctx context.Context, each func(connectors.PresenceUpdate)) error {
	o.watch.Lock()
	o.connections++
	refuses, silent, lingers, cut := o.refuses, o.silent, o.lingers, make(chan error)
	o.cut = cut
	o.watch.Unlock()
	if refuses != nil {
		return refuses
	}
	if !silent {
		each(connectors.PresenceUpdate{})
		o.watch.Lock()
		o.each = each
		o.watch.Unlock()
	}
	defer func() {
		o.watch.Lock()
		defer o.watch.Unlock()
		if o.cut == cut {
			o.each = nil
		}
	}()
	tick := time.NewTicker(20 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			if !silent {
				each(connectors.PresenceUpdate{})
			}
		case err := <-cut:
			return err
		case <-ctx.Done():
			time.Sleep(lingers)
			return ctx.Err()
		}
	}
}

// change changes the presence of an account, and tells of it.
func (o *telling) change(id string, state connectors.PresenceState) {
	o.set(func(o *office) {
		if delete(o.there, id); state == connectors.PresenceOnline {
			o.there[id] = true
		}
	})
	o.watch.Lock()
	each := o.each
	o.watch.Unlock()
	if each != nil {
		each(connectors.PresenceUpdate{ID: id, Presence: connectors.Presence{State: state}})
	}
}

func (o *telling) connected() int {
	o.watch.Lock()
	defer o.watch.Unlock()
	return o.connections
}

func (o *telling) source() *connectors.Source {
	return &connectors.Source{Name: "chat", Presence: o, PresenceWatcher: o}
}

// watched runs f in a bubble with a store that is connected to an office where 1 and 3 are online.
func watched(t *testing.T, prepare func(*telling), f func(t *testing.T, o *telling, s *presence.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &telling{office: office{there: map[string]bool{"1": true, "3": true}}}
		if prepare != nil {
			prepare(o)
		}
		s := presence.New([]*connectors.Source{o.source()}, presence.Options{})
		s.Start(t.Context())
		synctest.Wait()
		f(t, o, s)
		s.Close()
	})
}

func wantLetters(t *testing.T, what, want string, s *presence.Store) {
	t.Helper()
	if got := letters(s.Get(t.Context(), people(1, 4))); got != want {
		t.Errorf("%s: %s, want %s", what, got, want)
	}
}

// A source that tells of changes is asked for everyone at the beginning of a connection, and then every 40 to 80 s, whatever callers ask.
func TestWatch(t *testing.T) {
	t.Parallel()
	watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) {
		wantLetters(t, "at the beginning", "o-o-", s)
		o.change("2", connectors.PresenceOnline)
		o.change("1", connectors.PresenceOffline)
		o.change("somebody whom no collection has", connectors.PresenceOnline)
		wantLetters(t, "after changes", "-oo-", s)
		for i := range 59 {
			time.Sleep(10 * time.Second)
			a := s.Get(t.Context(), people(i, i+1))
			if age := time.Since(a[0].At); age > 20*time.Second {
				t.Fatalf("an answer of %v ago", age)
			}
		}
		if n := len(o.asked()); n < 1+590/80 || n > 1+590/40 {
			t.Errorf("%d calls in ten minutes", n)
		}
		if slices.ContainsFunc(o.asked(), func(call string) bool { return call != "all" }) {
			t.Errorf("calls for some only: %v", o.asked())
		}
		if got := s.Stats()["chat"]; !got.Watched || !got.Connected || got.Updates != 3 || got.Disconnects != 0 {
			t.Errorf("%+v", got)
		}
	})
}

// While there is no connection, the source is asked as one that tells of nothing. What it has told stays an answer meanwhile.
func TestWatchFallsBack(t *testing.T) {
	t.Parallel()
	watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) {
		o.change("2", connectors.PresenceOnline)
		o.watch.Lock()
		o.refuses = &connectors.Error{Kind: connectors.KindUnavailable}
		o.watch.Unlock()
		o.cut <- errors.New("cut")
		synctest.Wait()
		o.set(func(o *office) { o.err = errors.New("down") })
		wantLetters(t, "what was told", "ooo-", s)
		o.set(func(o *office) { o.err, o.there = nil, map[string]bool{"4": true} })
		time.Sleep(time.Minute)
		wantLetters(t, "asked", "---o", s)
		if got := s.Stats()["chat"]; got.Connected || got.Disconnects < 4 || got.Disconnects > 8 {
			t.Errorf("after a minute: %+v", got)
		}
		o.watch.Lock()
		o.refuses = nil
		o.watch.Unlock()
		time.Sleep(5 * time.Minute)
		before := len(o.asked())
		wantLetters(t, "connected again", "---o", s)
		o.change("1", connectors.PresenceOnline)
		wantLetters(t, "told again", "o--o", s)
		if n := len(o.asked()) - before; n > 0 {
			t.Errorf("%d calls although it tells", n)
		}
	})
}

// A server may stop telling while the connection works. Then what it told is an answer for at most two minutes after the last call that confirmed it.
func TestWatchIsConfirmed(t *testing.T) {
	t.Parallel()
	for name, err := range map[string]error{
		"presence is switched off": &connectors.Error{Kind: connectors.KindUnsupported},
		"the call fails":           &connectors.Error{Kind: connectors.KindUnavailable},
		"the call is to wait":      &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 10 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) {
				o.set(func(o *office) { o.err = err })
				for lost := false; !lost; lost = s.Stats()["chat"].Disconnects > 0 {
					if got := letters(s.Known(people(1, 4))); got != "o-o-" && s.Stats()["chat"].Connected {
						t.Errorf("%s while connected", got)
						break
					}
					time.Sleep(time.Second)
					synctest.Wait()
				}
				for range 3 * 60 { // a call for others answers no more for these
					time.Sleep(time.Second)
					if a := s.Known(people(1, 1)); !a[0].At.IsZero() && time.Since(a[0].At) >= 2*time.Minute {
						t.Errorf("an answer of %v ago", time.Since(a[0].At))
						break
					}
				}
				if got := letters(s.Known(people(1, 4))); strings.ContainsAny(got, "o-") {
					t.Errorf("known three minutes after the end: %s", got)
				}
			})
		})
	}
	watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) { // the last successful call was at the beginning
		o.set(func(o *office) { o.err = &connectors.Error{Kind: connectors.KindUnavailable} })
		time.Sleep(119 * time.Second)
		wantLetters(t, "just before", "o-o-", s)
		time.Sleep(2 * time.Second)
		if got := letters(s.Known(people(1, 4))); strings.ContainsAny(got, "o-") {
			t.Errorf("just after: %s", got)
		}
	})
}

// A call that fails does not end a connection that works, if a later one succeeds in time.
func TestWatchOutlivesAFailedCall(t *testing.T) {
	t.Parallel()
	watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) {
		for range 10 {
			o.set(func(o *office) { o.err = &connectors.Error{Kind: connectors.KindUnavailable} })
			for n := len(o.asked()); len(o.asked()) == n; {
				time.Sleep(time.Second)
			}
			o.change("2", connectors.PresenceOnline) // while a call is repeated
			o.set(func(o *office) { o.err = nil })
			for n := len(o.asked()); len(o.asked()) == n; {
				time.Sleep(time.Second)
			}
			wantLetters(t, "after the call", "ooo-", s)
			o.change("2", connectors.PresenceOffline)
			wantLetters(t, "after a change", "o-o-", s)
		}
		if got := s.Stats()["chat"]; !got.Connected || got.Disconnects != 0 || o.connected() != 1 {
			t.Errorf("%+v after %d connections", got, o.connected())
		}
	})
}

// A change that is told while the source answers for everyone counts: the answer may be older.
func TestWatchDuringTheCallForEveryone(t *testing.T) {
	t.Parallel()
	watched(t, func(o *telling) { o.takes = time.Second }, func(t *testing.T, o *telling, s *presence.Store) {
		o.watch.Lock()
		each := o.each
		o.watch.Unlock()
		each(connectors.PresenceUpdate{ID: "1", Presence: connectors.Presence{State: connectors.PresenceOffline}})
		each(connectors.PresenceUpdate{ID: "2", Presence: connectors.Presence{State: connectors.PresenceAway}})
		each(connectors.PresenceUpdate{ID: "2", Presence: connectors.Presence{State: connectors.PresenceOnline}})
		time.Sleep(2 * time.Second)
		wantLetters(t, "after the answer", "-oo-", s)
		if diff := cmp.Diff([]string{"all"}, o.asked()); diff != "" {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

// Whatever cannot be relied upon is no connection, and is tried again rarely.
func TestWatchInVain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		prepare func(*telling)
		// The tries in 10 minutes, with the longest and the shortest pauses between them.
		least, most int
	}{
		"a refused token":      {func(o *telling) { o.refuses = &connectors.Error{Kind: connectors.KindUnauthorized} }, 2, 2},
		"presence is off":      {func(o *telling) { o.err = &connectors.Error{Kind: connectors.KindUnsupported} }, 2, 2},
		"a connector's panic":  {func(o *telling) { o.panics = true }, 5, 5},
		"it is down":           {func(o *telling) { o.refuses = errors.New("down") }, 10, 12},
		"it asks for a pause":  {func(o *telling) { o.refuses = &connectors.Error{RetryAfter: 4 * time.Minute} }, 3, 3},
		"it says nothing ever": {func(o *telling) { o.silent = true }, 1, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			watched(t, tc.prepare, func(t *testing.T, o *telling, s *presence.Store) {
				time.Sleep(599 * time.Second)
				if n := o.connected(); n < tc.least || n > tc.most {
					t.Errorf("%d connections in 10 minutes, want %d to %d", n, tc.least, tc.most)
				}
				if s.Stats()["chat"].Connected {
					t.Error("it counts as connected")
				}
			})
		})
	}
}

// Too much is refused, and not kept.
func TestWatchIsBounded(t *testing.T) {
	t.Parallel()
	watched(t, nil, func(t *testing.T, o *telling, s *presence.Store) {
		text := strings.Repeat("x", 32<<10)
		for i := range 2100 {
			o.watch.Lock()
			each := o.each
			o.watch.Unlock()
			if each == nil {
				break
			}
			each(connectors.PresenceUpdate{ID: fmt.Sprint("invented ", i), Presence: connectors.Presence{State: connectors.PresenceOnline, Text: text}})
		}
		synctest.Wait()
		if got := s.Stats()["chat"]; got.Disconnects != 1 {
			t.Errorf("%+v", got)
		}
	})
	watched(t, nil, func(_ *testing.T, o *telling, s *presence.Store) { // the same ones again and again are not many
		for i := range 100_000 {
			o.change(fmt.Sprint(i%7), connectors.PresenceState(i%5))
		}
		if got := s.Stats()["chat"]; !got.Connected {
			t.Errorf("%+v", got)
		}
	})
}

// A reload keeps the connection to a source that stays the same.
func TestWatchOutlivesAReload(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &telling{office: office{there: map[string]bool{"1": true}}}
		source := o.source()
		old := presence.New([]*connectors.Source{source}, presence.Options{})
		old.Start(t.Context())
		refused := presence.New([]*connectors.Source{source}, presence.Options{Before: old}) // a configuration that does not take over
		refused.Close()
		next := presence.New([]*connectors.Source{source}, presence.Options{Before: old})
		next.Start(t.Context())
		old.Close()
		synctest.Wait()
		o.change("2", connectors.PresenceOnline)
		wantLetters(t, "after the reload", "oo--", next)
		if n := o.connected(); n != 1 {
			t.Errorf("%d connections, want 1", n)
		}
		next.Close()
	})
}

// A connection that begins while the one before still ends is kept.
func TestWatchWhileTheOneBeforeEnds(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &telling{office: office{there: map[string]bool{"1": true}}, lingers: 2 * time.Second}
		source := o.source()
		old := presence.New([]*connectors.Source{source}, presence.Options{})
		old.Start(t.Context())
		synctest.Wait()
		next := presence.New([]*connectors.Source{source}, presence.Options{Before: old})
		closed := make(chan struct{})
		go func() { old.Close(); close(closed) }()
		time.Sleep(time.Second)
		next.Start(t.Context())
		<-closed
		o.change("2", connectors.PresenceOnline)
		wantLetters(t, "after the end", "oo--", next)
		if got := next.Stats()["chat"]; !got.Connected || o.connected() != 2 {
			t.Errorf("%+v after %d connections", got, o.connected())
		}
		next.Close()
	})
}

// After any changes, cuts and pauses, once connected, the answers are what the source has.
func TestWatchFollowsTheSource(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		steps := rapid.SliceOfN(rapid.IntRange(0, 20), 1, 40).Draw(rt, "steps")
		watched(t, func(o *telling) { o.takes = 300 * time.Millisecond }, func(_ *testing.T, o *telling, s *presence.Store) {
			for _, n := range steps {
				switch {
				case n < 16:
					o.change(fmt.Sprint(n%4+1), []connectors.PresenceState{connectors.PresenceOnline, connectors.PresenceOffline}[n/4%2])
				case n < 18:
					time.Sleep(200 * time.Millisecond)
				case n < 20:
					o.watch.Lock()
					cut, connected := o.cut, o.each != nil
					o.watch.Unlock()
					if connected {
						cut <- errors.New("cut")
					}
				default:
					time.Sleep(11 * time.Minute)
				}
				synctest.Wait()
			}
			time.Sleep(6 * time.Minute)
			want := ""
			o.set(func(o *office) {
				for i := 1; i <= 4; i++ {
					want += map[bool]string{true: "o", false: "-"}[o.there[fmt.Sprint(i)]]
				}
			})
			if got := letters(s.Known(people(1, 4))); got != want || !s.Stats()["chat"].Connected {
				rt.Errorf("%s, want %s; %+v", got, want, s.Stats()["chat"])
			}
		})
	})
}
