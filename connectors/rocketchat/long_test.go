package rocketchat

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/rocketchat/fake"
)

// flaky refuses calls of a route in a row, counted from 1, as an overloaded server does.
type flaky struct {
	chat  *fake.Server
	fails func(call int) bool
	calls int
}

func (f *flaky) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if f.calls++; f.fails(f.calls) {
		http.Error(w, "<h1>busy</h1>", http.StatusServiceUnavailable)
		return
	}
	f.chat.ServeHTTP(w, r)
}

// limited opens a source behind the server's real limit, within a bubble of fake time.
func limited(t *testing.T, chat http.Handler) *connectors.Source {
	t.Helper()
	cfg := config("https://chat.acme.example")
	cfg.RateLimit, cfg.Retries = nil, new(0) // how often a single call is repeated is another matter
	source, err := open(cfg, inProcess{chat})
	if err != nil {
		t.Fatal(err)
	}
	return source
}

// persist reads as the program does: again after a pause, until it has a whole listing.
func persist[T connectors.Record](t *testing.T, lister connectors.Lister[T]) (got connectors.Listing[T], tries int) {
	t.Helper()
	for tries = 1; tries < 100; tries++ {
		var err error
		if got, err = lister.List(t.Context(), nil); err == nil {
			return got, tries
		}
		time.Sleep(3 * time.Minute) // within a bubble: the pause after a failure
	}
	t.Fatal("it does not end")
	return got, tries
}

// TestTenThousand reads 10,000 users behind ten calls a minute, while the server fails now and then, and while people come and go.
func TestTenThousand(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		who := everything()
		who.Permissions = slices.DeleteFunc(who.Permissions, func(p fake.Permission) bool { return p == fake.BypassRateLimit })
		chat := fake.New(fake.Data{Users: people(10_000), Credentials: []fake.Credential{who}}, fake.Options{})
		began := time.Now()
		chat.Configure(func(k *fake.Options) {
			k.OnRequest = func(_ string, n int) {
				switch n {
				case 1:
					chat.Update(func(d *fake.Data) { d.Users = slices.Delete(d.Users, 5000, 5003) }) // who leaves before the first page was never there
				case 30: // people leave on both sides of where we are, and come
					chat.Update(func(d *fake.Data) {
						d.Users = slices.Delete(slices.Delete(d.Users, 9000, 9010), 100, 107)
						d.Users = append(d.Users, fake.User{ID: "u00200-new", Username: "behind"}, fake.User{ID: "u09500-new", Username: "ahead"})
					})
				}
			}
		})
		source := limited(t, &flaky{chat: chat, fails: func(call int) bool { return call == 20 || call == 61 || call == 62 }})
		got, tries := persist(t, source.Accounts)
		if !got.Complete || tries != 4 || !got.Began.Equal(began) {
			t.Errorf("complete %v after %d tries, began at %v; want it whole after 3 failures, as of %v", got.Complete, tries, got.Began, began)
		}
		found := ids(got.Records)
		if len(slices.Compact(slices.Clone(found))) != len(found) {
			t.Error("somebody is there twice")
		}
		for i := range 10_000 {
			there := slices.Contains(found, id(i))
			switch left := i >= 5000 && i < 5003; {
			case left && there:
				t.Fatalf("%s left before the reading began", id(i))
			case !left && !there && (i < 9000 || i > 9020):
				t.Fatalf("%s is missing", id(i))
			}
		}
		if !slices.Contains(found, "u09500-new") {
			t.Error("who came ahead of us is missing")
		}
		// 101 pages and two steps back, ten a minute, with three pauses: it did not begin anew.
		if n := chat.Calls()["users.list"]; n > 105 {
			t.Errorf("%d calls, want some 103", n)
		}
		if took := time.Since(began); took > 21*time.Minute || got.Spent > 12*time.Minute {
			t.Errorf("it took %v, %v of it before the last try; want ten minutes of reading and nine of pauses", took, got.Spent)
		}
	})
}

// TestBrokenOffWhilePeopleMove holds readings that fail at random, and pause, against a server that changes at random: whoever was there
// throughout is in a complete listing, nobody is twice, and nobody is who left before it began or was never there.
func TestBrokenOffWhilePeopleMove(t *testing.T) {
	t.Parallel()
	moves := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 1999), 0, 3), 0, 60)
	rapid.Check(t, func(rt *rapid.T) {
		s := story{
			page: rapid.IntRange(2, 9).Draw(rt, "page"), people: rapid.IntRange(0, 80).Draw(rt, "people"), moves: moves.Draw(rt, "moves"),
			failing: rapid.SliceOfN(rapid.Bool(), 0, 60).Draw(rt, "failing"),
			pauses:  rapid.SliceOfN(rapid.IntRange(1, 35), 1, 9).Draw(rt, "pauses in minutes"),
		}
		var fault string
		synctest.Test(t, func(t *testing.T) { fault = s.play(t) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

// story is what happens while the users are read.
type story struct {
	page, people int
	moves        [][]int // before each call: an even number is one of those who are there and leaves, an odd one comes
	failing      []bool  // calls
	pauses       []int
}

func (s story) play(t *testing.T) (fault string) {
	chat := fake.New(fake.Data{Users: people(s.people), Credentials: []fake.Credential{ordinary()}}, fake.Options{MaxCount: s.page})
	came, left := map[string]time.Time{}, map[string]time.Time{}
	for i := range s.people {
		came[id(i)] = time.Time{}
	}
	move := func(d *fake.Data, n int) {
		if n%2 == 0 && len(d.Users) > 0 {
			i := n % len(d.Users)
			left[d.Users[i].ID] = time.Now()
			d.Users = slices.Delete(d.Users, i, i+1)
			return
		}
		u := fake.User{ID: id(n/20) + "-" + strconv.Itoa(n), Username: "n"}
		if _, known := came[u.ID]; !known {
			came[u.ID] = time.Now()
			d.Users = append(d.Users, u)
		}
	}
	source := limited(t, &flaky{chat: chat, fails: func(call int) bool {
		time.Sleep(time.Second)
		chat.Update(func(d *fake.Data) {
			for _, n := range s.moves[min(call-1, len(s.moves)):min(call, len(s.moves))] {
				for _, one := range n {
					move(d, one)
				}
			}
		})
		return call <= len(s.failing) && s.failing[call-1]
	}})
	for try := 0; try < 100; try++ {
		began := time.Now()
		got, err := source.Accounts.List(t.Context(), nil)
		if err != nil {
			time.Sleep(time.Duration(s.pauses[try%len(s.pauses)]) * time.Minute)
			continue
		}
		if !got.Began.IsZero() {
			began = got.Began
		}
		return judgeListing(got, began, came, left)
	}
	return "it does not end"
}

// judgeListing holds a listing against who came and left when; the zero time is before everything.
func judgeListing(got accounts, began time.Time, came, left map[string]time.Time) (fault string) {
	seen := map[string]bool{}
	for _, u := range ids(got.Records) {
		at, gone := left[u]
		if _, known := came[u]; seen[u] || !known || gone && at.Before(began) {
			return fmt.Sprintf("%s: twice %v, was ever there %v, left at %v; began at %v", u, seen[u], known, at, began)
		}
		seen[u] = true
	}
	for u, at := range came {
		if _, gone := left[u]; got.Complete && !gone && !at.After(began) && !seen[u] {
			return fmt.Sprintf("%s was there throughout, and is missing in %s", u, strings.Join(ids(got.Records), " "))
		}
	}
	return ""
}

// TestBeginsAnew: a page that never comes is not waited for for ever, nor is what was read long ago kept.
func TestBeginsAnew(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		fails  func(call int) bool
		pause  time.Duration
		status int   // 200 is an answer that cannot be understood
		calls  []int // of each try
	}{
		"goes on with the page that failed": {func(n int) bool { return n == 3 }, time.Minute, 503, []int{3, 2}},
		"goes on after an outage":           {func(n int) bool { return n >= 3 && n <= 7 }, 5 * time.Minute, 503, []int{3, 1, 1, 1, 1, 2}},
		"after an outage of half an hour":   {func(n int) bool { return n >= 3 && n <= 9 }, 5*time.Minute + time.Second, 503, []int{3, 1, 1, 1, 1, 1, 1, 4}},
		"after three answers at one page that cannot be understood": {
			func(n int) bool { return n >= 3 && n <= 5 }, time.Minute, 200, []int{3, 1, 1, 4},
		},
		"after half an hour":                      {func(n int) bool { return n == 3 }, 31 * time.Minute, 503, []int{3, 4}},
		"after a refusal: another may be let see": {func(n int) bool { return n == 3 }, time.Minute, 403, []int{3, 4}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				chat := fake.New(fake.Data{Users: people(350), Credentials: []fake.Credential{ordinary()}}, fake.Options{NoLimits: true})
				calls := 0
				source := limited(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if calls++; tc.fails(calls) {
						w.Header().Set("Content-Type", "application/json")
						w.WriteHeader(tc.status)
						_, _ = w.Write([]byte(`{"success":false,"error":"no [error-forbidden]"}`))
						return
					}
					chat.ServeHTTP(w, r)
				}))
				for i, want := range tc.calls {
					before := calls
					got, err := source.Accounts.List(t.Context(), nil)
					if last := i == len(tc.calls)-1; (err == nil) != last || got.Complete != last {
						t.Fatalf("try %d: complete %v, %v", i+1, got.Complete, err)
					}
					if calls-before != want {
						t.Errorf("try %d took %d calls, want %d", i+1, calls-before, want)
					}
					time.Sleep(tc.pause)
				}
			})
		})
	}
}

// TestTeamsGoOn: each team takes a call, and one that fails does not cost those before it.
func TestTeamsGoOn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		who := everything()
		var teams []fake.Team
		for i := range 60 {
			teams = append(teams, fake.Team{ID: "t" + id(i), Name: "Team " + id(i), Members: []fake.Member{{UserID: id(i)}}})
		}
		chat := fake.New(fake.Data{Users: people(60), Teams: teams, Credentials: []fake.Credential{who}}, fake.Options{})
		failing := &flaky{chat: chat, fails: func(call int) bool { return call == 12 || call == 40 }}
		var told []int
		source := limited(t, failing)
		for try := 1; ; try++ {
			got, err := source.Teams.List(t.Context(), func(l connectors.Listing[connectors.Team]) { told = append(told, len(l.Records)) })
			if err != nil {
				time.Sleep(time.Minute)
				continue
			}
			if !got.Complete || len(got.Records) != 60 || try != 3 || got.Began.IsZero() {
				t.Errorf("%d teams, complete %v at try %d, began %v", len(got.Records), got.Complete, try, got.Began)
			}
			break
		}
		if failing.calls != 1+60+2 {
			t.Errorf("%d calls, want one for the list, one for each team, and the two that failed", failing.calls)
		}
		if !slices.IsSorted(told) {
			t.Errorf("what was told shrank: %v", told)
		}
	})
}
