package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// The first use of the compression makes its channels, which must not belong to one test's bubble.
func init() {
	if _, err := decodeCommit(encodeCommit(stateWith(), nil, 1)); err != nil {
		panic(err)
	}
}

// While the store is away, memory is bounded. Afterwards the replica still knows the directory with which the log ends, so nothing has to be read anew.
func TestMemoryWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	s, store, _ := sharedLog(100)
	store.tell("base", "base")
	s.step(t, publishedWith("base"))
	store.set(func() { store.away = true })
	for i := range 20 {
		s.step(t, publishedWith(fmt.Sprint(i)))
		if n := len(s.way.published); n > mostDirectories {
			t.Fatalf("%d directories are kept", n)
		}
	}
	store.set(func() { store.away, store.foreign = false, false })
	cursor := s.log.Cursor()
	if !s.turn(t, publishedWith("19")) {
		t.Fatal("nothing is written")
	}
	if told := labels(t, s.log, cursor); len(told) != 40 || slices.Contains(told, "a") { // each of 20 came, and the one before has gone
		t.Errorf("afterwards it tells %v", told)
	}
}

// A commit of more changes than are kept expires the cursors before it, at each replica.
func TestALongCommit(t *testing.T) {
	t.Parallel()
	s, store, _ := sharedLog(2)
	store.foreign = false
	store.tell("x")
	s.turn(t, publishedWith("x"))
	cursor := s.log.Cursor()
	now := publishedWith("y")
	now.Directory = stateWith("x", "y1", "y2", "y3").Directory
	if !s.turn(t, now) {
		t.Fatal("nothing is written")
	}
	a := store.appends[len(store.appends)-1]
	if a.Count != 3 {
		t.Errorf("%d positions are used for 3 changes", a.Count)
	}
	s.step(t, now)
	late := NewSharedLog(Options{2, time.Hour}, store).sharing
	late.step(t, now)
	for name, l := range map[string]*Log{"the writer": s.log, "a late replica": late.log} {
		if _, err := l.Reader(cursor); !errors.Is(err, ErrExpired) {
			t.Errorf("%s: a cursor before the commit: %v", name, err)
		}
		if got := labels(t, l, cursorAt(l.from)); strings.Join(got, " ") != "y2 y3" {
			t.Errorf("%s tells %v", name, got)
		}
	}
}

// A change that leads back to records that the replica had before is told when it has them again, and not at once.
func TestContentsThatComeBack(t *testing.T) {
	t.Parallel()
	s, store, from := sharedLog(10)
	told := func(p *generation.Published, want string) {
		t.Helper()
		s.step(t, p)
		if got := strings.Join(labels(t, s.log, cursorAt(from)), " "); got != want {
			t.Errorf("told: %q, want %q", got, want)
		}
	}
	a, b, c := publishedWith("a"), publishedWith("b"), publishedWith("c")
	s.step(t, a)
	store.tell("a", "1")
	told(a, "1")
	s.step(t, b)
	store.tell("b", "2")
	told(b, "1 2")
	store.tell("a", "3")
	told(b, "1 2")
	told(a, "1 2 3")
	told(c, "1 2 3")
	store.tell("c", "4")
	told(c, "1 2 3 4")
}

// A replica whose directory stays behind does not collect commits for ever. Its readers get an error, and not silence.
func TestAReplicaThatStaysBehind(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, store, _ := sharedLog(5)
		old := publishedWith("old")
		first := store.tell("old", "first")
		s.step(t, old)
		r, err := s.log.Reader(first)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 4 {
			store.tell(fmt.Sprint(i), fmt.Sprint(i))
			s.step(t, old)
			time.Sleep(behindFor)
		}
		s.step(t, old)
		if _, err := r.Next(t.Context(), anything); !errors.Is(err, ErrUnavailable) {
			t.Errorf("a reader of a replica that is behind: %v", err)
		}
		for i := range 20 {
			store.tell(fmt.Sprint(i), fmt.Sprint(i))
			s.step(t, old)
		}
		if n := len(s.pending); n > 5 {
			t.Errorf("%d commits are kept", n)
		}
		if _, err := s.log.Reader(first); !errors.Is(err, ErrExpired) {
			t.Errorf("a cursor before what was dropped: %v", err)
		}
		s.step(t, publishedWith("19"))
		if got := strings.Join(labels(t, s.log, cursorAt(s.log.from)), " "); got != "15 16 17 18 19" {
			t.Errorf("afterwards it tells %q", got)
		}
	})
}

// One source that takes long for its first fetch does not keep the changes of others from being told.
func TestASlowFirstFetchDoesNotStopTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		quick := listed(func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "1", Name: "Ann"}}, Complete: true}, nil
		})
		slow := listed(func(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			select {
			case <-ctx.Done():
			case <-time.After(time.Hour):
			}
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{{ID: "2", Name: "Ben"}}, Complete: true}, ctx.Err()
		})
		slow.Name = "b"
		settings := make(map[snapshot.Key]snapshot.Settings)
		for _, name := range []string{"a", "b"} {
			settings[snapshot.Key{Source: name, Collection: connectors.Accounts}] = snapshot.Settings{FreshFor: 24 * time.Hour, KeepFor: 48 * time.Hour}
		}
		keeper := snapshot.New(snapshot.Options{Sources: []*connectors.Source{quick, slow}, IdleAfter: 24 * time.Hour, Settings: settings})
		publisher := generation.New(generation.Options{Keeper: keeper, Sources: []generation.Source{{Source: quick}, {Source: slow}}})
		l := NewSharedLog(Options{100, 24 * time.Hour}, &memoryLog{})
		ctx, cancel := context.WithCancel(t.Context())
		defer synctest.Wait()
		defer cancel()
		go keeper.Run(ctx)    //nolint:errcheck // it ends with ctx
		go publisher.Run(ctx) //nolint:errcheck // it ends with ctx
		go l.Follow(ctx, publisher, slog.New(slog.DiscardHandler))
		time.Sleep(2 * firstFor)
		resets := func() (names string) {
			l.mu.Lock()
			defer l.mu.Unlock()
			for _, e := range l.events {
				if e.Reset {
					names += e.Label
				}
			}
			return names
		}
		if got := resets(); got != "a" {
			t.Errorf("while source b is fetched: sources %q", got)
		}
		time.Sleep(2 * time.Hour)
		if got := resets(); got != "ab" {
			t.Errorf("after source b was fetched: sources %q", got)
		}
	})
}
