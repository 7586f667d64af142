package snapshot_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/history"
	"roster/internal/snapshot"
	"roster/internal/snapshot/localstore"
)

// person is what the tests of times vary of an account.
type person struct{ name, title, email string }

func (p person) account(id string) connectors.Account {
	return connectors.Account{ID: id, Name: p.name, Title: p.title, Emails: []connectors.Email{{Address: p.email}}, Active: true}
}

// answer is what a staff list answers to a call.
type answer uint8

const (
	whole answer = iota
	half         // an incomplete list of every second person
	refuses
)

// staff is a source of accounts that reports changes, and keeps the oracle: what its calls have shown, and when.
type staff struct {
	mu     sync.Mutex
	people map[string]person
	answer answer
	delta  bool // calls for the changes are answered
	told   map[string]person
	gone   []string
	seen   *seen
}

// seen is the plain model of a history.
type seen struct {
	people  map[string]person
	times   map[string]map[string]time.Time // by ID and field; the field "" is when the record was first seen
	removed map[string]time.Time
}

func newSeen() *seen {
	return &seen{people: map[string]person{}, times: map[string]map[string]time.Time{}, removed: map[string]time.Time{}}
}

func (s *seen) add(id string, p person, at time.Time) {
	was, known := s.people[id]
	s.people[id] = p
	if !known {
		s.times[id] = map[string]time.Time{"": at}
		delete(s.removed, id)
	}
	for field, values := range map[string][2]string{"Name": {was.name, p.name}, "Title": {was.title, p.title}, "Emails": {was.email, p.email}} {
		if !known || values[0] != values[1] {
			s.times[id][field] = at
		}
	}
}

func (s *seen) remove(id string, at time.Time) {
	if _, known := s.people[id]; known {
		delete(s.people, id)
		delete(s.times, id)
		s.removed[id] = at
	}
}

func (s *staff) List(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.answer == refuses {
		return connectors.Listing[connectors.Account]{}, &connectors.Error{Kind: connectors.KindUnavailable}
	}
	l, now := connectors.Listing[connectors.Account]{Complete: s.answer == whole, State: "s"}, time.Now().Truncate(time.Microsecond)
	for i, id := range slices.Sorted(maps.Keys(s.people)) {
		if s.answer == half && i%2 == 1 {
			continue
		}
		l.Records = append(l.Records, s.people[id].account(id))
		s.seen.add(id, s.people[id], now)
	}
	if s.answer == half {
		return l, nil
	}
	for id := range s.seen.people {
		if _, is := s.people[id]; !is {
			s.seen.remove(id, now)
		}
	}
	s.told, s.gone = maps.Clone(s.people), nil
	return l, nil
}

func (s *staff) Changes(context.Context, connectors.State, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.delta || s.answer == refuses {
		return connectors.Listing[connectors.Account]{}, &connectors.Error{Kind: connectors.KindUnavailable}
	}
	l, now := connectors.Listing[connectors.Account]{Complete: true, State: "s"}, time.Now().Truncate(time.Microsecond)
	for id, p := range s.people {
		if was, known := s.told[id]; !known || was != p {
			l.Records = append(l.Records, p.account(id))
			s.seen.add(id, p, now)
		}
	}
	for id := range s.told {
		if _, is := s.people[id]; !is {
			l.Gone = append(l.Gone, id)
			s.seen.remove(id, now)
		}
	}
	s.told = maps.Clone(s.people)
	return l, nil
}

func (s *staff) options(store snapshot.SharedStore) snapshot.Options {
	return snapshot.Options{Sources: []*connectors.Source{{Name: "a", Fingerprint: "f", Accounts: s}}, SharedStore: store, IdleAfter: 1000 * time.Hour,
		Settings: map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: time.Minute, FullEvery: 10 * time.Minute}}}
}

// differences compares what a keeper knows with the model.
func (s *staff) differences(k *snapshot.Keeper) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, _ := k.Take([]snapshot.Key{accounts})
	if r[0].Snapshot == nil {
		return ""
	}
	h := r[0].Snapshot.Times
	if n := r[0].Snapshot.Records.Len(); n != len(s.seen.people) {
		return fmt.Sprintf("it has %d records, want %d", n, len(s.seen.people))
	}
	for id, times := range s.seen.times {
		latest := time.Time{}
		for _, field := range []string{"Name", "Title", "Emails"} {
			if got := h.Field(id, field); !got.Equal(times[field]) {
				return fmt.Sprintf("%s of %s is of %s, want %s", field, id, got, times[field])
			}
			if times[field].After(latest) {
				latest = times[field]
			}
		}
		if got := h.Field(id, "Locale"); !got.Equal(times[""]) {
			return fmt.Sprintf("%s was first seen at %s, want %s", id, got, times[""])
		}
		if got := h.Changed(id); !got.Equal(latest) {
			return fmt.Sprintf("%s has changed at %s, want %s", id, got, latest)
		}
		for _, since := range []time.Time{latest, latest.Add(time.Microsecond), latest.Add(time.Nanosecond)} {
			ids, all, except := h.ChangedSince(since)
			if got, want := slices.Contains(ids, id) || all && !slices.Contains(except, id), !latest.Before(since); got != want {
				return fmt.Sprintf("%s, of %s, has changed since %s: %t", id, latest, since, got)
			}
		}
	}
	removed := map[string]time.Time{}
	for _, r := range h.Removed() {
		removed[r.ID] = r.At
	}
	if !maps.EqualFunc(removed, s.seen.removed, time.Time.Equal) {
		return fmt.Sprintf("removed are %v, want %v", removed, s.seen.removed)
	}
	return ""
}

// Whatever the fetches bring, every replica and every restart knows of each value when it was first fetched.
func TestTimesAreThoseOfTheFetches(t *testing.T) {
	t.Parallel()
	type turn struct {
		Change  map[string]person
		Remove  []string
		Answer  answer
		Delta   bool
		Restart int // one of the replicas; 2 for none
		Pass    time.Duration
	}
	names := rapid.SampledFrom([]string{"A", "B", "C"})
	ids := rapid.SampledFrom([]string{"1", "2", "3", "4", "5"})
	turns := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) turn {
		return turn{
			Change: rapid.MapOfN(ids, rapid.Custom(func(t *rapid.T) person {
				return person{names.Draw(t, "name"), names.Draw(t, "title"), names.Draw(t, "email") + "@example.com"}
			}), 0, 3).Draw(t, "change"),
			Remove:  rapid.SliceOfN(ids, 0, 2).Draw(t, "remove"),
			Answer:  rapid.SampledFrom([]answer{whole, whole, whole, half, refuses}).Draw(t, "answer"),
			Delta:   rapid.Bool().Draw(t, "delta"),
			Restart: rapid.IntRange(0, 4).Draw(t, "restart"),
			Pass:    time.Duration(rapid.IntRange(1, 15).Draw(t, "minutes")) * time.Minute,
		}
	}), 1, 12)
	rapid.Check(t, func(rt *rapid.T) {
		story := turns.Draw(rt, "turns")
		// An incomplete fetch does not replace a complete one in the store, so that only one process knows what it has brought.
		alone := rapid.Bool().Draw(rt, "alone")
		fault := ""
		synctest.Test(t, func(t *testing.T) {
			s := &staff{people: map[string]person{"1": {"A", "A", "A@example.com"}}, seen: newSeen()}
			store := localstore.New()
			var replicas [2]*snapshot.Keeper
			var stops [2]func()
			begin := func(i int) {
				replicas[i] = snapshot.New(s.options(store.Join()))
				stops[i] = start(t, replicas[i])
				pass(time.Second)
			}
			begin(0)
			running := replicas[:1]
			if !alone {
				begin(1)
				running = replicas[:]
			}
			for _, turn := range story {
				s.mu.Lock()
				for _, id := range turn.Remove {
					delete(s.people, id)
				}
				maps.Copy(s.people, turn.Change)
				if s.answer, s.delta = turn.Answer, turn.Delta; s.answer == half && !alone {
					s.answer = whole
				}
				s.mu.Unlock()
				pass(turn.Pass)
				if turn.Restart < 2 && !alone {
					stops[turn.Restart]()
					begin(turn.Restart)
				}
				pass(10 * time.Second)
				for i, k := range running {
					if diff := s.differences(k); diff != "" && fault == "" {
						fault = fmt.Sprintf("replica %d: %s", i, diff)
					}
				}
			}
			for i := range running {
				stops[i]()
			}
		})
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// A snapshot that an earlier release has stored has no times. What changes afterwards has.
func TestTimesOfAnEarlierReleaseAreUnknown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &staff{people: map[string]person{"1": {"A", "A", "A@example.com"}, "2": {"B", "B", "B@example.com"}}, seen: newSeen()}
		records := snapshot.Records{Accounts: []connectors.Account{s.people["1"].account("1"), s.people["2"].account("2")}}
		store := localstore.New()
		put := func() {
			t.Helper()
			now := time.Now()
			_, err := store.Join().Put(t.Context(), snapshot.Stored{Item: snapshot.StoreKey{Key: accounts, Fingerprint: "f"}, KeepFor: time.Hour,
				Meta:   snapshot.Meta{FetchedAt: now, Since: now, Full: now, Version: "old" + now.String(), Complete: true, Count: records.Len()},
				Encode: func() ([][]byte, error) { return snapshot.Encode(connectors.Accounts, records) }})
			if err != nil {
				t.Fatal(err)
			}
		}
		put()
		k := snapshot.New(s.options(store.Join()))
		defer start(t, k)()
		pass(time.Second)
		times := func() *history.History { return k.Current()[0].Snapshot.Times }
		if at := times().Changed("1"); !at.IsZero() {
			t.Errorf("what an earlier release has stored is said to be of %s", at)
		}
		s.mu.Lock()
		s.people["1"] = person{"C", "A", "A@example.com"}
		s.mu.Unlock()
		pass(10 * time.Minute)
		changed := times().Field("1", "Name")
		if changed.IsZero() || !times().Field("1", "Title").IsZero() || !times().Changed("2").IsZero() {
			t.Errorf("the changed name is of %s, the other values of %s and %s", changed, times().Field("1", "Title"), times().Changed("2"))
		}
		// A replica of the earlier release fetches, and stores without times. This replica goes on with those that it has.
		records.Accounts[0] = person{"C", "D", "A@example.com"}.account("1")
		put()
		s.mu.Lock()
		s.people["1"] = person{"C", "D", "A@example.com"}
		s.mu.Unlock()
		pass(2 * time.Second)
		if got := times().Field("1", "Name"); !got.Equal(changed) || times().Field("1", "Title").IsZero() {
			t.Errorf("after a fetch of an earlier release, the name is of %s, want %s, and the title of %s", got, changed, times().Field("1", "Title"))
		}
	})
}

// A removed account is recognised by the values that it had of anchors, and the history knows when a field that an anchor names got another value, whatever
// else changes among the details. Another replica reads both.
func TestTimesOfAnchors(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		account := func(id, number, room string) connectors.Account {
			return connectors.Account{ID: id, Username: "user" + id, Details: &connectors.Attributes{{Name: "number", Value: number}, {Name: "room", Value: room}}}
		}
		var mu sync.Mutex
		has := []connectors.Account{account("1", "007", "a"), account("2", "008", "a"), account("3", "009", "a")}
		list := connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			mu.Lock()
			defer mu.Unlock()
			return connectors.Listing[connectors.Account]{Records: has, Complete: true}, nil
		})
		store := localstore.New()
		begin := func() *snapshot.Keeper {
			k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{{Name: "a", Kind: named, Fingerprint: "f", Accounts: list}}, SharedStore: store.Join(),
				IdleAfter: 1000 * time.Hour, Settings: map[snapshot.Key]snapshot.Settings{accounts: {
					FreshFor: time.Minute, Anchors: []snapshot.Anchor{{Name: "employee", Field: "number"}, {Name: "login", Field: "username"}},
				}}})
			t.Cleanup(start(t, k))
			pass(time.Second)
			return k
		}
		first := begin()
		began := first.Current()[0].Snapshot.Times.Since()
		mu.Lock()
		has = []connectors.Account{account("1", "007", "b"), account("2", "0088", "a")}
		mu.Unlock()
		pass(3 * time.Minute)
		for name, k := range map[string]*snapshot.Keeper{"the one that fetched": first, "one that began later": begin()} {
			h := k.Current()[0].Snapshot.Times
			if at := h.Field("1", history.AnchorPart("number")); !at.Equal(began) || !h.Field("1", "Details").After(began) {
				t.Errorf("%s: another room is a change of the number at %s, or none of the details", name, at)
			}
			if at := h.Field("2", history.AnchorPart("number")); !at.After(began) {
				t.Errorf("%s: the other number is of %s", name, at)
			}
			want := slices.Concat(history.AnchorsOf("employee", " 009"), history.AnchorsOf("login", "USER3"))
			if removed := h.Removed(); len(removed) != 1 || !slices.Equal(removed[0].Addresses, want) {
				t.Errorf("%s: removed are %v, want one with %v", name, removed, want)
			}
		}
	})
}

// While a replica without the anchor fetches, the field has no times of its own: any change of the details may have been one of it. Another replica reads that.
func TestTimesOfAFieldThatNoAnchorNamed(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		account := func(number, room string) connectors.Account {
			return connectors.Account{ID: "1", Details: &connectors.Attributes{{Name: "number", Value: number}, {Name: "room", Value: room}}}
		}
		var mu sync.Mutex
		has := account("7", "a")
		list := connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			mu.Lock()
			defer mu.Unlock()
			return connectors.Listing[connectors.Account]{Records: []connectors.Account{has}, Complete: true}, nil
		})
		store := localstore.New()
		// fetch returns since when the number is what it is, after a replica with these anchors has fetched a change.
		fetch := func(to connectors.Account, anchors ...snapshot.Anchor) time.Time {
			k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{{Name: "a", Kind: named, Fingerprint: "f", Accounts: list}}, SharedStore: store.Join(),
				IdleAfter: 1000 * time.Hour, Settings: map[snapshot.Key]snapshot.Settings{accounts: {FreshFor: time.Minute, Anchors: anchors}}})
			defer start(t, k)()
			pass(time.Second)
			mu.Lock()
			has = to
			mu.Unlock()
			pass(3 * time.Minute)
			return k.Current()[0].Snapshot.Times.Part("1", "Details", history.AnchorPart("number"))
		}
		named := snapshot.Anchor{Name: "employee", Field: "number"}
		first := fetch(account("7", "b"), named)
		if at := fetch(account("7", "c"), named); !at.Equal(first) {
			t.Errorf("with the anchor, the number is of %s, want %s", at, first)
		}
		unnamed := fetch(account("8", "c"))
		if !unnamed.After(first) {
			t.Errorf("after a change without the anchor, the number is of %s", unnamed)
		}
		again := fetch(account("8", "d"), named)
		if !again.After(unnamed) {
			t.Errorf("when the anchor is there again, the number is of %s, want the first change since then, after %s", again, unnamed)
		}
		if at := fetch(account("8", "e"), named); !at.Equal(again) {
			t.Errorf("later, the number is of %s, want %s", at, again)
		}
	})
}

// A replica that remembers removals for a short time only, because its configuration or its release is another one, does not shorten the memory of the
// others: they remember on, and store what they remember with their next fetch.
func TestRemovalsOutliveAReplicaThatForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &staff{people: map[string]person{}, seen: newSeen()}
		for _, id := range []string{"1", "2", "3", "4"} {
			s.people[id] = person{"A", "A", id + "@example.com"}
		}
		change := func(id string, p *person) {
			s.mu.Lock()
			defer s.mu.Unlock()
			if delete(s.people, id); p != nil {
				s.people[id] = *p
			}
		}
		store := localstore.New()
		begin := func(fresh, remember time.Duration) (*snapshot.Keeper, func()) {
			options := s.options(store.Join())
			settings := options.Settings[accounts]
			settings.KeepFor, settings.RememberFor, settings.FreshFor, settings.FullEvery = time.Hour, remember, fresh, fresh
			options.Settings[accounts] = settings
			k := snapshot.New(options)
			stop := start(t, k)
			pass(time.Minute)
			return k, stop
		}
		removed := func(k *snapshot.Keeper) []string {
			var ids []string
			for _, r := range k.Current()[0].Snapshot.Times.Removed() {
				ids = append(ids, r.ID)
			}
			return ids
		}
		remembers, stop := begin(50*time.Minute, 366*24*time.Hour)
		change("1", nil)
		change("2", nil)
		pass(51 * time.Minute)
		forgets, end := begin(5*time.Minute, 0)
		pass(70 * time.Minute)
		change("1", &person{"A", "A", "1@example.com"}) // back, so that it is no removal any more
		change("3", nil)
		pass(6 * time.Minute) // the other one fetches
		if got := removed(forgets); !slices.Equal(got, []string{"3"}) {
			t.Fatalf("the one that forgets knows the removals of %v, want 3", got)
		}
		if got := removed(remembers); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("the one that remembers knows the removals of %v after the other has fetched, want 2 and 3", got)
		}
		end()
		change("4", &person{"B", "A", "4@example.com"})
		pass(51 * time.Minute)
		stop()
		late, endLate := begin(50*time.Minute, 366*24*time.Hour)
		if got := removed(late); !slices.Equal(got, []string{"2", "3"}) {
			t.Errorf("a later replica reads the removals of %v, want 2 and 3", got)
		}
		endLate()
	})
}

// A fetch that brings nothing new changes neither the version nor the times.
func TestTimesStayWithoutNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &staff{people: map[string]person{"1": {"A", "A", "A@example.com"}}, seen: newSeen()}
		k := snapshot.New(s.options(nil))
		defer start(t, k)()
		pass(time.Second)
		before := k.Current()[0].Snapshot
		pass(30 * time.Minute)
		after := k.Current()[0].Snapshot
		if before.FetchedAt.Equal(after.FetchedAt) || before.Version != after.Version || before.Times != after.Times {
			t.Errorf("fetched at %s and %s, versions %s and %s, times %p and %p", before.FetchedAt, after.FetchedAt, before.Version, after.Version, before.Times, after.Times)
		}
	})
}
