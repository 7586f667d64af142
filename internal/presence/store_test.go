package presence_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/presence"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// office is a source that reports presence: the accounts in it are online, all others are offline.
type office struct {
	mu     sync.Mutex
	there  map[string]bool
	takes  time.Duration
	err    error
	panics bool
	calls  []string // the number of IDs that each call named, or "all"
}

func (o *office) MaxIDs() int { return 100 }

func (o *office) Presence(ctx context.Context, ids []string) (map[string]connectors.Presence, error) {
	o.mu.Lock()
	what := "all"
	if len(ids) > 0 {
		what = fmt.Sprint(len(ids))
	}
	o.calls = append(o.calls, what)
	takes, err, there := o.takes, o.err, maps.Clone(o.there)
	panics := o.panics
	o.mu.Unlock()
	if panics {
		panic("secret")
	}
	if takes > 0 {
		t := time.NewTimer(takes)
		defer t.Stop()
		select {
		case <-t.C:
		case <-ctx.Done():
			return nil, &connectors.Error{Kind: connectors.KindTimeout, Err: ctx.Err()}
		}
	}
	if err != nil {
		return nil, err
	}
	got := make(map[string]connectors.Presence)
	for id := range there {
		if len(ids) == 0 || slices.Contains(ids, id) {
			got[id] = connectors.Presence{State: connectors.PresenceOnline, Text: "in"}
		}
	}
	return got, nil
}

func (o *office) set(change func(o *office)) {
	o.mu.Lock()
	defer o.mu.Unlock()
	change(o)
}

func (o *office) asked() []string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.Clone(o.calls)
}

// people returns the references with the numbers from from to to.
func people(from, to int) []connectors.Ref {
	var refs []connectors.Ref
	for i := from; i <= to; i++ {
		refs = append(refs, connectors.Ref{Source: "chat", ID: fmt.Sprint(i)})
	}
	return refs
}

// letters returns a letter for each answer: o online, - offline, ? unknown.
func letters(ps []presence.Answer) string {
	var b strings.Builder
	for _, p := range ps {
		b.WriteString(map[connectors.PresenceState]string{
			connectors.PresenceOnline: "o", connectors.PresenceOffline: "-", connectors.PresenceUnknown: "?"}[p.Presence.State])
	}
	return b.String()
}

// all returns the letter n times.
func all(letter string, n int) string { return strings.Repeat(letter, n) }

// bubble runs f in a synctest bubble, with a store over an office where 1, 101 and 201 are online.
func bubble(t *testing.T, opt presence.Options, f func(t *testing.T, o *office, s *presence.Store)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		o := &office{there: map[string]bool{"1": true, "101": true, "201": true}}
		s := presence.New([]*connectors.Source{{Name: "chat", Presence: o}, {Name: "mute"}}, opt)
		defer s.Close()
		f(t, o, s)
	})
}

// visit is one question of a test case.
type visit struct {
	after    time.Duration // the time since the previous question
	from, to int
	want     string
	waits    time.Duration
}

func TestGet(t *testing.T) {
	t.Parallel()
	down := &connectors.Error{Source: "chat", Kind: connectors.KindUnavailable}
	first := "o" + all("-", 99)
	tests := map[string]struct {
		takes  time.Duration
		err    error
		panics bool
		visits []visit
		calls  []string
	}{
		"100 people cost one call": {
			visits: []visit{{0, 1, 100, first, 0}},
			calls:  []string{"100"},
		},
		"500 people cost one call for everyone": {
			visits: []visit{{0, 1, 500, "o" + all("-", 99) + "o" + all("-", 99) + "o" + all("-", 299), 0}},
			calls:  []string{"all"},
		},
		"within 15 s nobody asks again": {
			visits: []visit{{0, 1, 100, first, 0}, {14 * time.Second, 1, 100, first, 0}},
			calls:  []string{"100"},
		},
		"after 15 s somebody does": {
			visits: []visit{{0, 1, 2, "o-", 0}, {15 * time.Second, 1, 2, "o-", 0}},
			calls:  []string{"2", "2"},
		},
		"a page turned is asked for at once, with everyone": {
			visits: []visit{{0, 1, 100, first, 0}, {3 * time.Second, 101, 200, first, 0}, {3 * time.Second, 51, 150, all("-", 50) + "o" + all("-", 49), 0},
				{time.Second, 201, 300, first, 0}, {7 * time.Second, 1, 100, first, 0}, {4 * time.Second, 1, 100, first, 0}},
			calls: []string{"100", "all", "all"},
		},
		"two minutes after the last page turned, some are enough": {
			visits: []visit{{0, 1, 2, "o-", 0}, {3 * time.Second, 101, 103, "o--", 0}, {15 * time.Second, 1, 1, "o", 0}, {2 * time.Minute, 1, 1, "o", 0}},
			calls:  []string{"2", "all", "all", "1"},
		},
		"interest of two minutes ago is forgotten": {
			visits: []visit{{0, 1, 100, first, 0}, {2 * time.Minute, 101, 101, "o", 0}},
			calls:  []string{"100", "1"},
		},
		"an answer for everyone holds for those asked for later": {
			visits: []visit{{0, 1, 101, first + "o", 0}, {3 * time.Second, 200, 202, "-o-", 0}},
			calls:  []string{"all"},
		},
		"a source that takes too long": {
			takes:  time.Minute,
			visits: []visit{{0, 1, 1, "?", 2 * time.Second}, {time.Second, 1, 1, "?", 0}},
			calls:  []string{"1"},
		},
		"a source that fails is left alone, longer and longer": {
			err: down,
			visits: []visit{{0, 1, 1, "?", 0}, {14 * time.Second, 1, 1, "?", 0}, {time.Second, 1, 1, "?", 0}, {29 * time.Second, 1, 1, "?", 0},
				{time.Second, 1, 1, "?", 0}},
			calls: []string{"1", "1", "1"},
		},
		"one that can't is asked rarely": {
			err:    &connectors.Error{Kind: connectors.KindUnsupported},
			visits: []visit{{0, 1, 1, "?", 0}, {4 * time.Minute, 1, 1, "?", 0}, {time.Minute, 1, 1, "?", 0}},
			calls:  []string{"1", "1"},
		},
		"one that asks for patience gets it": {
			err:    &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: time.Hour},
			visits: []visit{{0, 1, 1, "?", 0}, {59 * time.Minute, 1, 1, "?", 0}, {time.Minute, 1, 1, "?", 0}},
			calls:  []string{"1", "1"},
		},
		"an error that is none of ours": {
			err:    errors.New("secret"),
			visits: []visit{{0, 1, 1, "?", 0}},
			calls:  []string{"1"},
		},
		"a connector that panics": {
			panics: true,
			visits: []visit{{0, 1, 1, "?", 0}, {time.Second, 1, 1, "?", 0}},
			calls:  []string{"1"},
		},
		"nobody asked for: nobody is asked": {
			visits: []visit{{0, 2, 1, "", 0}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
				o.set(func(o *office) { o.takes, o.err, o.panics = tt.takes, tt.err, tt.panics })
				for i, v := range tt.visits {
					<-time.After(v.after)
					began := time.Now()
					got := letters(s.Get(t.Context(), people(v.from, v.to)))
					if waited := time.Since(began); got != v.want || waited != v.waits {
						t.Errorf("visit %d: got %s after %v, want %s after %v", i, got, waited, v.want, v.waits)
					}
				}
				if diff := cmp.Diff(tt.calls, o.asked()); diff != "" {
					t.Errorf("calls (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// Whatever callers ask for and when, the answer is known, and in no minute is the source called more often than Rocket.Chat allows.
func TestAnyPageIsKnown(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		type turn struct{ Pause, From, Size int }
		turns := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
			return turn{rapid.IntRange(0, 20_000).Draw(t, "pause in ms"), rapid.IntRange(1, 1000).Draw(t, "from"), rapid.IntRange(1, 150).Draw(t, "size")}
		}), 1, 60).Draw(rt, "turns")
		bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
			var at []time.Time
			for _, turn := range turns {
				time.Sleep(time.Duration(turn.Pause) * time.Millisecond)
				before := len(o.asked())
				answers := s.Get(t.Context(), people(turn.From, turn.From+turn.Size-1))
				for range len(o.asked()) - before {
					at = append(at, time.Now())
				}
				for _, a := range answers {
					if age := time.Since(a.At); a.Presence.State == connectors.PresenceUnknown || age >= 2*time.Minute {
						rt.Errorf("%+v is known as %+v", turn, a)
						return
					}
				}
			}
			for i := range at {
				if j := i + 10; j < len(at) && at[j].Sub(at[i]) < time.Minute {
					rt.Errorf("11 calls in %v", at[j].Sub(at[i]))
				}
			}
		})
	})
}

func TestLastKnownIsGivenForTwoMinutes(t *testing.T) {
	t.Parallel()
	bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
		s.Get(t.Context(), people(1, 2))
		o.set(func(o *office) { o.err = &connectors.Error{Kind: connectors.KindTimeout} })
		for _, tt := range []struct {
			after time.Duration
			want  string
		}{{20 * time.Second, "o-"}, {99 * time.Second, "o-"}, {time.Second, "??"}} {
			<-time.After(tt.after)
			if got := letters(s.Get(t.Context(), people(1, 2))); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		}
		o.set(func(o *office) { o.err = nil })
		<-time.After(5 * time.Minute)
		if got := letters(s.Get(t.Context(), people(1, 2))); got != "o-" {
			t.Errorf("once it answers again: got %s", got)
		}
	})
}

func TestAnswerForEveryoneReplacesWhatWasKnown(t *testing.T) {
	t.Parallel()
	bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
		s.Get(t.Context(), people(1, 2))
		o.set(func(o *office) { o.there = map[string]bool{"2": true} })
		<-time.After(15 * time.Second)
		if got := letters(s.Get(t.Context(), people(1, 101))); got != "-o"+all("-", 99) {
			t.Errorf("got %s", got)
		}
	})
}

func TestCallersShareTheCallUnderWay(t *testing.T) {
	t.Parallel()
	bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
		o.set(func(o *office) { o.takes = time.Second })
		var callers sync.WaitGroup
		began := time.Now()
		ask := func(from, to int, want string, waits time.Duration) {
			callers.Go(func() {
				came := time.Now()
				if got := letters(s.Get(t.Context(), people(from, to))); got != want || time.Since(came) != waits {
					t.Errorf("%d to %d: got %s after %v, want %s after %v", from, to, got, time.Since(came), want, waits)
				}
			})
			synctest.Wait()
		}
		ask(1, 10, "o"+all("-", 9), time.Second)
		<-time.After(400 * time.Millisecond)
		ask(1, 3, "o--", 600*time.Millisecond)   // the call names them
		ask(10, 11, "--", 1600*time.Millisecond) // the call names one of them, and the next one asks for everyone
		ask(50, 51, "--", 1600*time.Millisecond) // the call names neither
		callers.Wait()
		if diff := cmp.Diff([]string{"10", "all"}, o.asked()); diff != "" || time.Since(began) != 2*time.Second {
			t.Errorf("calls (-want +got):\n%s", diff)
		}
	})
}

func TestCallOutlivesItsCaller(t *testing.T) {
	t.Parallel()
	bubble(t, presence.Options{}, func(t *testing.T, o *office, s *presence.Store) {
		o.set(func(o *office) { o.takes = time.Second })
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		began := time.Now()
		if got := letters(s.Get(ctx, people(1, 1))); got != "?" || time.Since(began) != 100*time.Millisecond {
			t.Errorf("the caller that goes: got %s after %v", got, time.Since(began))
		}
		if got := letters(s.Get(t.Context(), people(1, 1))); got != "o" || time.Since(began) != time.Second {
			t.Errorf("the one that stays: got %s after %v", got, time.Since(began))
		}
	})
}

func TestGetKeepsTheOrderOfReferences(t *testing.T) {
	t.Parallel()
	bubble(t, presence.Options{}, func(t *testing.T, _ *office, s *presence.Store) {
		refs := []connectors.Ref{{Source: "chat", ID: "2"}, {Source: "mute", ID: "1"}, {Source: "chat", ID: "1"}, {Source: "none", ID: "1"},
			{Source: "chat", ID: "1"}}
		got := s.Get(t.Context(), refs)
		if letters(got) != "-?o?o" || got[2].Presence.Text != "in" {
			t.Errorf("got %v", got)
		}
	})
}

func TestSourcesAreAskedSideBySide(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		hung, well := &office{takes: time.Hour}, &office{takes: time.Second, there: map[string]bool{"1": true}}
		s := presence.New([]*connectors.Source{{Name: "a", Presence: hung}, {Name: "b", Presence: well}}, presence.Options{})
		defer s.Close()
		began := time.Now()
		got := letters(s.Get(t.Context(), []connectors.Ref{{Source: "a", ID: "1"}, {Source: "b", ID: "1"}}))
		if got != "?o" || time.Since(began) != 2*time.Second {
			t.Errorf("got %s after %v", got, time.Since(began))
		}
	})
}

func TestLogTellsOfChangesOnly(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	opt := presence.Options{Logger: slog.New(slog.NewTextHandler(&log, nil))}
	bubble(t, opt, func(t *testing.T, o *office, s *presence.Store) {
		for _, err := range []error{errors.New("secret"), errors.New("secret"), nil, nil} {
			o.set(func(o *office) { o.err = err })
			s.Get(t.Context(), people(1, 1))
			<-time.After(time.Hour)
		}
	})
	if got := strings.Count(log.String(), "\n"); got != 2 || strings.Contains(log.String(), "secret") {
		t.Errorf("got %d lines, want 2 without a secret:\n%s", got, log.String())
	}
}

// A store that replaces another one has its answers for the same source, and calls the source no earlier. For another source with the same
// name it has no answers.
func TestStoreTakesOver(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &office{there: map[string]bool{"1": true}}
		same := &connectors.Source{Name: "chat", Presence: o}
		first := presence.New([]*connectors.Source{same}, presence.Options{})
		first.Get(t.Context(), people(1, 2))
		first.Close()
		next := presence.New([]*connectors.Source{same}, presence.Options{Before: first})
		defer next.Close()
		if got := letters(next.Get(t.Context(), people(1, 2))); got != "o-" || len(o.asked()) != 1 {
			t.Errorf("got %s after %d calls, want o- after one", got, len(o.asked()))
		}
		other := presence.New([]*connectors.Source{{Name: "chat", Presence: o}}, presence.Options{Before: next})
		defer other.Close()
		if got := letters(other.Known(people(1, 2))); got != "??" {
			t.Errorf("another source of that name begins with %s, want nothing", got)
		}
	})
}
