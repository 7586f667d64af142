package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
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

// memoryLog is a SharedLog in memory, for one replica. A test can take it away, and append what another replica would.
type memoryLog struct {
	mu      sync.Mutex
	away    bool
	page    Page
	appends []Append
}

var errAway = errors.New("the store is away")

func (m *memoryLog) Read(_ context.Context, id string, after uint64, _ Options) (*Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errAway
	}
	page := m.page
	page.Commits = nil
	for _, c := range m.page.Commits {
		if id != page.ID || c.At > after {
			page.Commits = append(page.Commits, c)
		}
	}
	return &page, nil
}

func (m *memoryLog) Changed() <-chan struct{} { return nil }

func (m *memoryLog) Acquire(context.Context) (Writer, error) { return m, nil }

func (m *memoryLog) Held() bool { return true }

func (m *memoryLog) Release(context.Context) {}

func (m *memoryLog) Append(_ context.Context, a Append) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.appends = append(m.appends, a)
	if m.page.End == 0 {
		m.page.End = positionAt(time.Now())
	}
	m.page.ID, m.page.End, m.page.State = a.NewID, m.page.End+max(uint64(a.Count), 1), a.State
	m.page.Commits = append(m.page.Commits, Commit{m.page.End, a.Data})
	return nil
}

// leave takes the store away, or brings it back.
func (m *memoryLog) leave(away bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.away = away
}

// sharedLog returns a log whose store has a log without commits, which is written by another replica.
func sharedLog(length int) (*sharing, *memoryLog, uint64) {
	from := positionAt(time.Now())
	store := &memoryLog{page: Page{ID: "log", From: from, End: from, Written: true}}
	l := NewSharedLog(Options{length, time.Hour}, store)
	l.sharing.logger = slog.New(slog.DiscardHandler)
	return l.sharing, store, from
}

// tell appends as another replica does: changes of these names, after which source a has this content.
func (m *memoryLog) tell(content string, names ...string) {
	state := stateWith(content)
	state.Sources[0].Content = contentOf(publishedWith(content), "a")
	var told []Change
	for _, name := range names {
		told = append(told, Change{Kind: User, Label: name})
	}
	next := storedState{state.Directory.Version(), state.Directory.RulesVersion(), state.Sources}
	_ = m.Append(context.Background(), Append{NewID: "log", Count: len(told), Data: encodeCommit(state, told, 100), State: encoded(next)})
}

// publishedWith returns a publication of source a with one content.
func publishedWith(content string) *generation.Published {
	key := snapshot.Key{Source: "a", Collection: connectors.Accounts}
	p := &generation.Published{Directory: stateWith(content).Directory}
	if content != "" {
		p.Collections = []generation.Collection{{Key: key, Version: content, Present: true, Complete: true}}
	}
	return p
}

// step does what follow does for a publication, except for writing.
func (s *sharing) step(t *testing.T, p *generation.Published) {
	s.note(p)
	for s.receive(t.Context()) {
	}
	s.release(time.Now())
}

func cursorAt(at uint64) string { return fmt.Sprintf("log.%d", at) }

// While the store is away, memory is bounded. Afterwards the replica still knows the directory with which the log ends, so nothing has to be read anew.
func TestMemoryWhileTheStoreIsAway(t *testing.T) {
	t.Parallel()
	s, store, _ := sharedLog(10)
	store.tell("base", "base")
	s.step(t, publishedWith("base"))
	store.leave(true)
	for i := range 20 {
		s.step(t, publishedWith(fmt.Sprint(i)))
		if n := len(s.directories); n > mostDirectories {
			t.Fatalf("%d directories are kept", n)
		}
	}
	store.leave(false)
	s.step(t, publishedWith("19"))
	before, exact := s.before()
	if !exact || before.Directory.Version() != stateWith("base").Directory.Version() {
		t.Error("the directory with which the log ends is not known any more")
	}
}

// A commit of more changes than are kept expires the cursors before it, at each replica.
func TestALongCommit(t *testing.T) {
	t.Parallel()
	s, store, from := sharedLog(2)
	store.page.Written = false
	store.tell("x")
	s.step(t, publishedWith("x"))
	cursor := s.log.Cursor()
	s.unwritten = time.Now().Add(-time.Minute)
	now := publishedWith("y")
	now.Directory = stateWith("x", "y1", "y2", "y3").Directory
	s.note(now)
	s.end.state.Sources = StateOf(now, nil).Sources
	if !s.write(t.Context(), now, time.Now()) {
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
		if got := labels(t, l, cursorAt(from+2)); strings.Join(got, " ") != "y2 y3" {
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
		s, store, from := sharedLog(5)
		old := publishedWith("old")
		store.tell("old", "first")
		s.step(t, old)
		r, err := s.log.Reader(cursorAt(from + 1))
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
		if _, err := s.log.Reader(cursorAt(from + 1)); !errors.Is(err, ErrExpired) {
			t.Errorf("a cursor before what was dropped: %v", err)
		}
		s.step(t, publishedWith("19"))
		if got := strings.Join(labels(t, s.log, cursorAt(s.log.from)), " "); got != "15 16 17 18 19" {
			t.Errorf("afterwards it tells %q", got)
		}
	})
}

// What a newer version has written, and this one cannot tell, is told as missing.
func TestACommitOfANewerVersion(t *testing.T) {
	t.Parallel()
	for _, change := range []Change{{Kind: Source + 1}, {Kind: User, Action: Split + 1}} {
		if c, err := decodeCommit(encodeCommit(stateWith("x"), []Change{change}, 10)); err == nil {
			t.Errorf("%+v", c.Changes)
		}
	}
	if _, err := decodeCommit(encodeCommit(stateWith("x"), []Change{{Kind: Source, Action: Split}}, 10)); err != nil {
		t.Error(err)
	}
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
