package snapshot_test

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// TestReading checks what is served 20 s after each of two fetches; the second is forced.
func TestReading(t *testing.T) {
	t.Parallel()
	down := &connectors.Error{Source: "a", Kind: connectors.KindUnavailable}
	three := 3
	tests := map[string]struct {
		first, second step
		want          [2]string
	}{
		"a complete one replaces, and so deletes": {
			step{ids: []string{"1", "2"}}, step{ids: []string{"2", "3"}},
			[2]string{"fresh[1 2]", "fresh[2 3]"},
		},
		"a complete and empty one deletes all": {
			step{ids: []string{"1", "2"}}, step{},
			[2]string{"fresh[1 2]", "fresh[]"},
		},
		"a short one adds and deletes nothing": {
			step{ids: []string{"1", "3"}}, step{ids: []string{"2", "4"}, short: true, want: &three},
			[2]string{"fresh[1 3]", "incomplete[1 2 3 4]"},
		},
		"one that fails half-way adds what it has": {
			step{ids: []string{"1", "3"}}, step{ids: []string{"2"}, err: down},
			[2]string{"fresh[1 3]", "incomplete[1 2 3] unavailable"},
		},
		"one that yields nothing keeps what was there": {
			step{ids: []string{"1", "2"}}, step{err: down},
			[2]string{"fresh[1 2]", "fresh[1 2] unavailable"},
		},
		"short and empty: what was there is known to lack something": {
			step{ids: []string{"1", "2"}}, step{short: true},
			[2]string{"fresh[1 2]", "incomplete[1 2]"},
		},
		"a complete one after a short one": {
			step{ids: []string{"1", "2"}, short: true}, step{ids: []string{"2", "3"}},
			[2]string{"incomplete[1 2]", "fresh[2 3]"},
		},
		"nothing twice": {
			step{err: down}, step{err: down},
			[2]string{"missing[] unavailable", "missing[] unavailable"},
		},
		"out of order and twice the same: in order and once": {
			step{ids: []string{"2", "1", "2"}}, step{ids: []string{"3", "1", "1"}, short: true},
			[2]string{"fresh[1 2]", "incomplete[1 2 3]"},
		},
		"an error that is none of ours": {
			step{err: errors.New("secret")}, step{ids: []string{"1"}},
			[2]string{"missing[] unavailable", "fresh[1]"},
		},
		"a connector that panics": {
			step{panic: "secret"}, step{ids: []string{"1"}},
			[2]string{"missing[] answer not understood", "fresh[1]"},
		},
		"a connector that panics later": {
			step{ids: []string{"1"}}, step{panic: errors.New("secret")},
			[2]string{"fresh[1]", "fresh[1] answer not understood"},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var log bytes.Buffer
			opt := one(scripted(tt.first, tt.second))
			opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
			// No fetch is due by itself within the test.
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: time.Hour, MinInterval: 30 * time.Second}}
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				pass(20 * time.Second)
				got := [2]string{brief(k.Current()[0])}
				pass(10 * time.Second)
				if !begins(k.Refresh(accounts)) {
					t.Error("refresh refused")
				}
				pass(20 * time.Second)
				got[1] = brief(k.Current()[0])
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("served (-want +got):\n%s", diff)
				}
			})
			if strings.Contains(log.String(), "secret") {
				t.Errorf("the log tells too much:\n%s", log.String())
			}
		})
	}
}

func TestStatusTellsTimesAndCounts(t *testing.T) {
	t.Parallel()
	seven := 7
	s := scripted(step{ids: numbered(5), short: true, want: &seven, takes: time.Second}, fails(connectors.KindForbidden))
	bubble(t, one(s), func(t *testing.T, k *snapshot.Keeper) {
		began := time.Now()
		pass(500 * time.Millisecond)
		want := snapshot.Status{Key: accounts, State: snapshot.Missing, TriedAt: began, FreshFor: time.Minute, Fetching: true,
			Progress: &snapshot.Progress{StartedAt: began}, Fetches: 1}
		if diff := cmp.Diff(want, k.Statuses()[0]); diff != "" {
			t.Errorf("while reading (-want +got):\n%s", diff)
		}
		pass(500 * time.Millisecond)
		want = snapshot.Status{Key: accounts, State: snapshot.Incomplete, Count: 5, Expected: &seven, SyncedAt: began, TriedAt: began,
			FreshFor: time.Minute, Fetches: 1, Short: &connectors.Error{Source: "a", Op: "accounts", Kind: connectors.KindBadResponse,
				Detail: "the source counts 7 of them, and 5 have been read. Until it is read whole, nothing counts as removed; roster check shows what the credential may see"}}
		if diff := cmp.Diff(want, k.Statuses()[0]); diff != "" {
			t.Errorf("after a short reading (-want +got):\n%s", diff)
		}
		pass(40 * time.Second)
		got := k.Statuses()[0]
		if got.Short != nil || got.Err == nil || got.Err.Source != "a" || !got.TriedAt.After(began) || !got.SyncedAt.Equal(began) ||
			got.RetryAt.Sub(got.TriedAt) < 5*time.Minute {
			t.Errorf("after a failure: %+v", got)
		}
	})
}

func TestFirstReadingShowsItsProgress(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		step  step
		most  int // publications
		least int
		at    time.Duration
		want  int // records at that time
	}{
		"fast: only its end":            {step{ids: numbered(900), pages: 9, takes: 900 * time.Millisecond}, 1, 1, 850 * time.Millisecond, 0},
		"middling: one a second":        {step{ids: numbered(100), pages: 100, takes: 10 * time.Second}, 11, 10, 5050 * time.Millisecond, 50},
		"slow: each page at first":      {step{ids: numbered(100), pages: 100, takes: 10 * time.Minute}, 60, 40, 62 * time.Second, 10},
		"a page and then a long pause":  {step{ids: numbered(2), pages: 2, takes: 40 * time.Second}, 2, 2, 21 * time.Second, 1},
		"very long: no more than worth": {step{ids: numbered(1000), pages: 1000, takes: 10_000 * time.Second}, 100, 60, time.Hour, 350},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			bubble(t, one(scripted(tt.step)), func(t *testing.T, k *snapshot.Keeper) {
				began, published, at := time.Now(), 0, -1
				check := time.After(tt.at)
				for version := ""; ; {
					select {
					case <-k.Changed():
					case <-check:
						at = k.Current()[0].Status.Count
						continue
					}
					r := k.Current()[0]
					if r.Snapshot != nil && r.Snapshot.Version != version {
						published, version = published+1, r.Snapshot.Version
					}
					if r.Status.State == snapshot.Fresh {
						break
					}
					if r.Snapshot != nil && (r.Snapshot.Complete || r.Snapshot.FetchedAt != began || r.Status.State != snapshot.Incomplete) {
						t.Errorf("progress is served as %+v", r.Status)
					}
				}
				if published < tt.least || published > tt.most {
					t.Errorf("published %d times, want %d to %d", published, tt.least, tt.most)
				}
				if at < tt.want-tt.want/20 || at > tt.want+tt.want/20 {
					t.Errorf("%d records after %v, want about %d", at, tt.at, tt.want)
				}
			})
		})
	}
}

func TestLaterReadingsShowNoProgress(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: numbered(10)}, step{ids: numbered(4), pages: 4, takes: 8 * time.Second})
	bubble(t, one(s), func(t *testing.T, k *snapshot.Keeper) {
		pass(time.Minute + 5*time.Second)
		if got := k.Current()[0].Status; !got.Fetching || got.Count != 10 || got.State != snapshot.Fresh {
			t.Errorf("in mid-reading: %+v", got)
		}
		pass(5 * time.Second)
		if got := k.Current()[0].Status; got.Count != 4 {
			t.Errorf("after it: %+v", got)
		}
	})
}

func TestUnchangedReadingKeepsRecordsAndTellsNobody(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1", "2"}}, step{ids: []string{"2", "1"}})
	bubble(t, one(s), func(t *testing.T, k *snapshot.Keeper) {
		pass(time.Second)
		before := k.Current()[0].Snapshot
		<-k.Changed()
		pass(10 * time.Minute)
		after := k.Current()[0].Snapshot
		if after.Version != before.Version || &after.Records.Accounts[0] != &before.Records.Accounts[0] {
			t.Error("the same records were put in the place of the same records")
		}
		if after.FetchedAt.Sub(before.FetchedAt) < 9*time.Minute {
			t.Errorf("read at %v and then at %v: the newer time is lost", before.FetchedAt, after.FetchedAt)
		}
		select {
		case <-k.Changed():
			t.Error("announced a change")
		default:
		}
	})
}

func TestWhatOnlyShortReadingsConfirmIsForgottenAfterKeepFor(t *testing.T) {
	t.Parallel()
	opt := one(scripted(step{ids: []string{"1", "2"}}, step{ids: []string{"2", "3"}, short: true}))
	opt.IdleAfter = 30 * 24 * time.Hour
	opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: {KeepFor: time.Hour, FreshFor: 5 * time.Minute}}
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		pass(50 * time.Minute)
		if got, want := brief(k.Current()[0]), "incomplete[1 2 3]"; got != want {
			t.Errorf("within keep_for %q, want %q", got, want)
		}
		pass(20 * time.Minute)
		if got, want := brief(k.Current()[0]), "incomplete[2 3]"; got != want {
			t.Errorf("after keep_for %q, want %q", got, want)
		}
	})
}

func TestChangedTellsOfWhatTheClockDoes(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}}, fails(connectors.KindTimeout))
	opt := one(s)
	opt.IdleAfter = time.Second
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		began := time.Now()
		var got []string
		for range 3 {
			<-k.Changed()
			got = append(got, time.Since(began).String()+" "+brief(k.Current()[0]))
		}
		want := []string{"0s fresh[1]", "2m0s stale[1]", "168h0m0s missing[]"}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestChangedTellsOfStalenessWhileReading(t *testing.T) {
	t.Parallel()
	bubble(t, one(scripted(step{ids: []string{"1"}}, step{hang: true})), func(t *testing.T, k *snapshot.Keeper) {
		began := time.Now()
		<-k.Changed()
		<-k.Changed()
		if got := k.Current()[0].Status; got.State != snapshot.Stale || !got.Fetching || time.Since(began) != 2*time.Minute {
			t.Errorf("after %v: %+v", time.Since(began), got)
		}
	})
}

// If the first fetch fails, the log names no previous state.
func TestLogOfAFirstReadingThatFails(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	opt := one(scripted(fails(connectors.KindUnavailable), step{ids: []string{"1"}}))
	opt.Logger = slog.New(slog.NewTextHandler(&log, nil))
	bubble(t, opt, func(_ *testing.T, _ *snapshot.Keeper) { pass(10 * time.Minute) })
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 2 || !strings.Contains(lines[0], `msg="collection cannot be fetched" source=a collection=accounts state=missing records=0`) ||
		!strings.Contains(lines[1], `msg="collection is fetched" source=a collection=accounts state=fresh records=1`) {
		t.Errorf("the log:\n%s", log.String())
	}
}

func TestLogHasOneLinePerChangeOfCondition(t *testing.T) {
	t.Parallel()
	down := fails(connectors.KindUnavailable)
	s := scripted(step{ids: []string{"1"}}, down, fails(connectors.KindTimeout), down, fails(connectors.KindUnauthorized), down, step{ids: []string{"1"}})
	var log bytes.Buffer
	opt := one(s)
	opt.Logger = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "retry_in" {
			return slog.Attr{}
		}
		return a
	}}))
	bubble(t, opt, func(_ *testing.T, _ *snapshot.Keeper) { pass(50 * time.Minute) })
	const about = " source=a collection=accounts "
	want := []string{
		`level=INFO msg="collection is fetched"` + about + "state=fresh records=1 from=source",
		`level=WARN msg="collection cannot be fetched"` + about + `state=stale was=fresh records=1 kind=unavailable error="a: list: unavailable"`,
		`level=WARN msg="collection cannot be fetched"` + about + `state=stale records=1 kind=unauthorized error="a: list: unauthorized"`,
		`level=WARN msg="collection cannot be fetched"` + about + `state=stale records=1 kind=unavailable error="a: list: unavailable"`,
		`level=INFO msg="collection is fetched again"` + about + "state=fresh was=stale records=1 from=source",
	}
	if diff := cmp.Diff(want, strings.Split(strings.TrimSpace(log.String()), "\n")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
