package changes

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/snapshot"
)

// memoryLog is a SharedLog in memory, for several replicas. A test can take it away, have it refuse or lose commits, and append what another replica would.
type memoryLog struct {
	mu      sync.Mutex
	away    bool
	full    bool          // it takes no commits
	deaf    error         // it takes commits, and the writer gets this error
	pages   int           // the number of commits in an answer; zero for all
	answers int           // after so many answers it is away; zero for never
	sealed  string        // the ID of a log that nobody can read
	stained bool          // nobody can read the state of any log
	ahead   time.Duration // of its clock
	page    Page          // with all commits
	appends []Append
	tries   int
	holder  *memoryWriter
	foreign bool // another replica is the writer, which no test runs
}

var errAway = errors.New("the store is away")

func (m *memoryLog) Read(_ context.Context, id string, after uint64, _ Options) (*Page, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.away {
		return nil, errAway
	}
	page := m.page
	page.Commits, page.Written = nil, m.holder != nil || m.foreign
	if m.answers > 0 {
		m.answers--
		m.away = m.answers == 0
	}
	for _, c := range m.page.Commits {
		if id != page.ID || c.At > after {
			if m.pages > 0 && len(page.Commits) == m.pages {
				page.More = true
				break
			}
			if m.sealed == page.ID {
				c.Data = nil
			}
			page.Commits = append(page.Commits, c)
		}
	}
	if m.sealed == page.ID || m.stained {
		page.State = nil
	}
	return &page, nil
}

func (m *memoryLog) Changed() <-chan struct{} { return nil }

func (m *memoryLog) Acquire(context.Context) (Writer, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.holder != nil || m.foreign {
		return nil, nil //nolint:nilnil // another one has it
	}
	m.holder = &memoryWriter{m}
	return m.holder, nil
}

// memoryWriter is the right to append. It does not know when a test has taken it away.
type memoryWriter struct{ of *memoryLog }

func (*memoryWriter) Held() bool { return true }

func (w *memoryWriter) Release(context.Context) {
	w.of.mu.Lock()
	defer w.of.mu.Unlock()
	if w.of.holder == w {
		w.of.holder = nil
	}
}

func (w *memoryWriter) Append(_ context.Context, a Append) error {
	m := w.of
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tries++
	switch {
	case m.full:
		return errAway
	case m.holder != w || a.ID != m.page.ID || a.After != m.page.End:
		return ErrMoved
	}
	m.append(a)
	return m.deaf
}

func (m *memoryLog) append(a Append) {
	m.appends = append(m.appends, a)
	first := max(a.After+1, a.Above+1, positionAt(time.Now().Add(m.ahead)))
	if a.NewID != m.page.ID {
		m.page = Page{ID: a.NewID, From: first - 1, Cut: a.After}
	}
	m.page.End, m.page.State = first+max(uint64(a.Count), 1)-1, a.State
	m.page.Commits = append(m.page.Commits, Commit{m.page.End, a.After, a.Count, a.Data})
}

// set changes it.
func (m *memoryLog) set(change func()) {
	m.mu.Lock()
	defer m.mu.Unlock()
	change()
}

// copied returns what is stored, for lose.
func (m *memoryLog) copied() Page {
	m.mu.Lock()
	defer m.mu.Unlock()
	page := m.page
	page.Commits = slices.Clone(page.Commits)
	return page
}

// lose puts back what was stored before, as a failover does that has lost the last commits.
func (m *memoryLog) lose(before Page) { m.set(func() { m.page = before }) }

// sharedLog returns a log whose store has a log without commits, which is written by another replica.
func sharedLog(length int) (*sharing, *memoryLog, uint64) {
	from := positionAt(time.Now().Add(-time.Minute))
	store := &memoryLog{page: Page{ID: "log", From: from, Cut: from, End: from}, foreign: true}
	return replicaOf(store, length), store, from
}

// replicaOf returns a replica that has not read anything yet.
func replicaOf(store *memoryLog, length int) *sharing {
	l := NewSharedLog(Options{length, time.Hour}, store)
	l.sharing.logger = slog.New(slog.DiscardHandler)
	return l.sharing
}

// tell appends as another replica does: changes of these names, after which source a has this content. It returns the cursor.
func (m *memoryLog) tell(content string, names ...string) (cursor string) {
	state := stateWith(content)
	state.Sources[0].Content = contentOf(publishedWith(content), "a")
	var told []Change
	for _, name := range names {
		told = append(told, Change{Kind: User, Label: name})
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.append(Append{ID: "log", After: m.page.End, NewID: "log", Count: len(told), Data: encodeCommit(state, told, 100), State: encoded(stateStored(state))})
	return cursorAt(m.page.End)
}

// publishedWith returns a publication of source a with one content: a person of that name.
func publishedWith(content string) *generation.Published {
	key := snapshot.Key{Source: "a", Collection: connectors.Accounts}
	p := &generation.Published{Directory: stateWith(content).Directory}
	if content != "" {
		p.Collections = []generation.Collection{{Key: key, Version: content, Present: true, Complete: true}}
	}
	return p
}

// publishedBy returns a publication of source a with one content, by a replica with other rules.
func publishedBy(rules, content string) *generation.Published {
	p := publishedWith(content)
	p.Directory = directory.Build(directory.Rules{SharedMailboxes: []string{rules}}, []directory.SourceData{{Name: "a", Kind: "other", Versions: []string{"[" + content + "]"},
		Accounts: []connectors.Account{{ID: content, Name: content, Active: true}}}})
	return p
}

// step does what follow does for a publication, except for writing.
func (s *sharing) step(t *testing.T, p *generation.Published) { s.look(t.Context(), p) }

// turn does what follow does for a publication, until there is nothing more to write. It returns true if it has written.
func (s *sharing) turn(t *testing.T, p *generation.Published) (written bool) {
	for {
		if now := s.look(t.Context(), p); !s.write(t.Context(), p, now) {
			s.look(t.Context(), p)
			return written
		}
		written = true
	}
}

func cursorAt(at uint64) string { return fmt.Sprintf("log.%d", at) }
