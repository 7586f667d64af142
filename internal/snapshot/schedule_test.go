package snapshot_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// since returns the times relative to the first one's reference.
func since(began time.Time, at []time.Time) []time.Duration {
	ds := make([]time.Duration, len(at))
	for i, t := range at {
		ds[i] = t.Sub(began)
	}
	return ds
}

func TestReadsAreRepeatedWhileSomebodyAsks(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}})
	opt := one(s)
	opt.IdleAfter = 10 * time.Minute
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		began := time.Now()
		pass(150 * time.Second)
		if diff := cmp.Diff([]time.Duration{0, time.Minute, 2 * time.Minute}, since(began, s.reads())); diff != "" {
			t.Errorf("readings (-want +got):\n%s", diff)
		}
		pass(time.Hour)
		if n := len(s.reads()); n != 10 {
			t.Errorf("%d readings, want 10: none after ten minutes without a question", n)
		}
		timed(t.Context(), k)
		pass(10*time.Minute - time.Second)
		if n := len(s.reads()); n != 20 {
			t.Errorf("%d readings, want 20: somebody has asked again", n)
		}
	})
}

func TestLookingAtStatusDoesNotCountAsAsking(t *testing.T) {
	t.Parallel()
	s := scripted(step{ids: []string{"1"}})
	opt := one(s)
	opt.IdleAfter = time.Minute
	bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
		for range 60 {
			pass(10 * time.Second)
			k.Statuses()
			k.Current()
		}
		if n := len(s.reads()); n != 1 {
			t.Errorf("%d readings, want 1", n)
		}
	})
}

func TestEffectiveFreshFor(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		takes    time.Duration
		settings snapshot.Settings
		want     time.Duration
	}{
		"as configured":           {time.Second, snapshot.Settings{}, time.Minute},
		"four times its duration": {10 * time.Minute, snapshot.Settings{}, 40 * time.Minute},
		"no less than allowed":    {time.Second, snapshot.Settings{FreshFor: time.Second, MinInterval: 2 * time.Minute}, 2 * time.Minute},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(step{ids: []string{"1"}, takes: tt.takes})
			opt := one(s)
			opt.IdleAfter = 24 * time.Hour
			opt.Settings = map[snapshot.Key]snapshot.Settings{accounts: tt.settings}
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				began := time.Now()
				pass(2*tt.want + time.Second)
				if diff := cmp.Diff([]time.Duration{0, tt.want, 2 * tt.want}, since(began, s.reads())); diff != "" {
					t.Errorf("readings (-want +got):\n%s", diff)
				}
				if got := k.Statuses()[0]; got.FreshFor != tt.want || got.State != snapshot.Fresh {
					t.Errorf("got %+v, want to be called fresh for %v", got, tt.want)
				}
			})
		})
	}
}

func TestFailuresAreRetriedMoreAndMoreRarely(t *testing.T) {
	t.Parallel()
	const ever = 1000 * time.Hour
	blocked := &connectors.Error{Kind: connectors.KindForbidden, Blocked: true, RetryAfter: time.Hour}
	limited := &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 7 * time.Minute}
	tests := map[string]struct {
		step step
		want [][2]time.Duration // the shortest and longest pause after each attempt; the last repeats
	}{
		"unavailable": {fails(connectors.KindUnavailable), [][2]time.Duration{
			{10 * time.Second, 20 * time.Second}, {20 * time.Second, 40 * time.Second}, {40 * time.Second, 80 * time.Second},
			{80 * time.Second, 160 * time.Second}, {150 * time.Second, 300 * time.Second}}},
		"unauthorized":  {fails(connectors.KindUnauthorized), [][2]time.Duration{{5 * time.Minute, 10 * time.Minute}}},
		"forbidden":     {fails(connectors.KindForbidden), [][2]time.Duration{{5 * time.Minute, 10 * time.Minute}}},
		"not found":     {fails(connectors.KindNotFound), [][2]time.Duration{{5 * time.Minute, 10 * time.Minute}}},
		"unsupported":   {fails(connectors.KindUnsupported), [][2]time.Duration{{5 * time.Minute, 10 * time.Minute}}},
		"blocked":       {step{err: blocked}, [][2]time.Duration{{time.Hour, ever}}},
		"asked to wait": {step{err: limited}, [][2]time.Duration{{7 * time.Minute, 7 * time.Minute}}},
		"slow to fail":  {step{err: limited, takes: time.Minute}, [][2]time.Duration{{8 * time.Minute, 8 * time.Minute}}},
		"short, no fault": {step{short: true}, [][2]time.Duration{
			{10 * time.Second, 20 * time.Second}, {20 * time.Second, 40 * time.Second}, {30 * time.Second, time.Minute}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(tt.step)
			opt := one(s)
			opt.IdleAfter = ever
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				for range 8 * 60 {
					pass(time.Minute)
					timed(t.Context(), k) // frequent questions change nothing
				}
				reads := s.reads()
				if len(reads) < 4 {
					t.Fatalf("%d tries in eight hours", len(reads))
				}
				for i := range reads[1:] {
					want := tt.want[min(i, len(tt.want)-1)]
					if d := reads[i+1].Sub(reads[i]); d < want[0] || d > want[1] {
						t.Errorf("pause %d is %v, want %v to %v", i+1, d, want[0], want[1])
					}
				}
			})
		})
	}
}

func TestFailuresAreForgottenAfterASuccess(t *testing.T) {
	t.Parallel()
	down := fails(connectors.KindUnavailable)
	s := scripted(down, down, down, down, step{ids: []string{"1"}}, down, step{ids: []string{"1"}})
	bubble(t, one(s), func(t *testing.T, _ *snapshot.Keeper) {
		pass(20 * time.Minute)
		reads := s.reads()
		if d := reads[6].Sub(reads[5]); d < 10*time.Second || d > 20*time.Second {
			t.Errorf("the first retry after a success comes after %v", d)
		}
	})
}

func TestRefresh(t *testing.T) {
	t.Parallel()
	forbidden := fails(connectors.KindForbidden)
	patient := step{err: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: time.Hour}}
	tests := map[string]struct {
		step  step
		after time.Duration
		want  bool
		reads int
	}{
		"long enough ago":             {step{ids: []string{"1"}}, 10 * time.Second, true, 2},
		"too lately":                  {step{ids: []string{"1"}}, 9 * time.Second, false, 1},
		"one is under way":            {step{hang: true}, time.Second, true, 1},
		"in spite of a failure":       {forbidden, 10 * time.Second, true, 2},
		"not against the source's no": {patient, 10 * time.Minute, false, 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := scripted(tt.step)
			opt := one(s)
			opt.IdleAfter = time.Second // nothing else starts a fetch
			bubble(t, opt, func(t *testing.T, k *snapshot.Keeper) {
				pass(tt.after)
				if got := begins(k.Refresh(accounts)); got != tt.want {
					t.Errorf("got %v, want %v", got, tt.want)
				}
				pass(30 * time.Second)
				if n := len(s.reads()); n != tt.reads {
					t.Errorf("%d readings, want %d", n, tt.reads)
				}
				if begins(k.Refresh(snapshot.Key{Source: "x"})) {
					t.Error("an unknown source is refreshed")
				}
			})
		})
	}
}

func TestCollectionsOfASourceTakeTurnsAtTheStart(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		accounts time.Duration
		ask      bool
		want     [3]time.Duration // when the fetches of accounts, teams and roles begin
	}{
		"one after the other":                 {time.Second, false, [3]time.Duration{0, time.Second, 2 * time.Second}},
		"a slow one holds up nobody for long": {time.Hour, false, [3]time.Duration{0, 2 * time.Second, 3 * time.Second}},
		"what is asked for goes at once":      {time.Hour, true, [3]time.Duration{0, 2 * time.Second, 100 * time.Millisecond}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				a, b, c := scripted(step{takes: tt.accounts}), scripted(step{takes: time.Second}), scripted(step{})
				other := scripted(step{})
				k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{
					{Name: "a", Accounts: a.accounts(), Teams: b.teams(), Roles: c.roles()}, {Name: "b", Accounts: other.accounts()}}})
				began := time.Now()
				stop := start(t, k)
				defer stop()
				pass(100 * time.Millisecond)
				if tt.ask {
					k.Load(t.Context(), []snapshot.Key{{Source: "a", Collection: connectors.Roles}})
				}
				pass(30 * time.Second)
				got := [3]time.Duration{since(began, a.reads())[0], since(began, b.reads())[0], since(began, c.reads())[0]}
				if diff := cmp.Diff(tt.want, got); diff != "" {
					t.Errorf("(-want +got):\n%s", diff)
				}
				if d := since(began, other.reads())[0]; d != 0 {
					t.Errorf("the other source begins after %v", d)
				}
			})
		})
	}
}

func TestStatusesAreInConfiguredOrder(t *testing.T) {
	t.Parallel()
	s := scripted(step{})
	k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{
		{Name: "z", Teams: s.teams(), Accounts: s.accounts()}, {Name: "a", Roles: s.roles(), Accounts: s.accounts()}}})
	var got []string
	for i, st := range k.Statuses() {
		got = append(got, st.Source+"/"+st.Collection.String())
		if k.Current()[i].Status.Key != st.Key {
			t.Errorf("Current and Statuses differ at %d", i)
		}
	}
	if diff := cmp.Diff([]string{"z/accounts", "z/teams", "a/accounts", "a/roles"}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
