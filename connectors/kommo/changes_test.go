package kommo

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/kommo/fake"
)

type contactsListing = connectors.Listing[connectors.Contact]

func idsOf(l contactsListing) []string {
	var ids []string
	for _, c := range l.Records {
		ids = append(ids, c.ID)
	}
	return ids
}

// quick opens a source without a limit, within a bubble of fake time.
func quick(t *testing.T, h http.Handler) connectors.ChangeLister[connectors.Contact] {
	t.Helper()
	s, err := open(connectors.Config{Name: "a", URL: "http://harbour.example", Settings: &Settings{AccessToken: "t"}, RateLimit: &connectors.RateLimit{}}, direct{h})
	if err != nil {
		t.Fatal(err)
	}
	lister, ok := s.Contacts.(connectors.ChangeLister[connectors.Contact])
	if !ok {
		t.Fatal("the contacts are not read by their changes")
	}
	return lister
}

// TestChanges reads an address book of 12,000, and then only what has changed, at one call.
func TestChanges(t *testing.T) {
	t.Parallel()
	long := 24 * time.Hour
	for name, tc := range map[string]struct {
		skew   time.Duration // Kommo's clock is behind ours by that
		change func(d *fake.Data, now int64)
		want   []string
	}{
		"nothing": {0, func(*fake.Data, int64) {}, nil},
		"one is renamed": {0, func(d *fake.Data, now int64) {
			d.Contacts[70].Name, d.Contacts[70].UpdatedAt = "Renamed", now
		}, []string{"71"}},
		"one is added, one changed; Kommo's clock is half an hour behind": {30 * time.Minute, func(d *fake.Data, now int64) {
			d.Contacts[0].UpdatedAt = now
			d.Contacts = append(d.Contacts, fake.Contact{ID: 50_000, UpdatedAt: now})
		}, []string{"1", "50000"}},
		"Kommo's clock is half an hour ahead": {-30 * time.Minute, func(d *fake.Data, now int64) { d.Contacts[8].UpdatedAt = now }, []string{"9"}},
		"one is deleted, and served as such for a while": {0, func(d *fake.Data, now int64) {
			d.Contacts[8].IsDeleted, d.Contacts[8].UpdatedAt = true, now
		}, nil},
		"one is deleted": {0, func(d *fake.Data, _ int64) { d.Contacts = d.Contacts[1:] }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * 365 * 24 * time.Hour)
				data := dataWith(12_000)
				for i := range data.Contacts {
					data.Contacts[i].UpdatedAt = time.Now().Add(-long - tc.skew).Unix()
				}
				f := fake.New(data, fake.Options{NoLimits: true})
				book := quick(t, f)
				all, err := book.List(t.Context(), nil)
				if err != nil || !all.Complete || len(all.Records) != 12_000 {
					t.Fatalf("%d contacts, complete %v, %v", len(all.Records), all.Complete, err)
				}
				f.ResetCalls()
				time.Sleep(5 * time.Minute)
				f.Update(func(d *fake.Data) { tc.change(d, time.Now().Add(-tc.skew-time.Minute).Unix()) })
				got, err := book.Changes(t.Context(), all.State, nil)
				if err != nil || !got.Complete {
					t.Errorf("complete %v, %v", got.Complete, err)
				}
				if diff := cmp.Diff(tc.want, idsOf(got)); diff != "" {
					t.Errorf("(-want +got)\n%s", diff)
				}
				if n := f.Calls()["contacts.list"]; n != 1 {
					t.Errorf("%d calls, want 1", n)
				}
			})
		})
	}
}

func TestChangesThatCannotBeTold(t *testing.T) {
	t.Parallel()
	for name, h := range map[string]func(*fake.Server) http.Handler{
		"the filter is ignored": func(f *fake.Server) http.Handler {
			f.Configure(func(k *fake.Options) { k.NoChangeFilter = true })
			return f
		},
		"the filter is refused": func(f *fake.Server) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if r.URL.Query().Has("filter[updated_at][from]") {
					w.Header().Set("Content-Type", "application/problem+json")
					w.WriteHeader(http.StatusBadRequest)
					_, _ = w.Write([]byte(`{"title":"Bad Request","status":400}`))
					return
				}
				f.ServeHTTP(w, r)
			})
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				time.Sleep(10 * 365 * 24 * time.Hour)
				data := dataWith(600)
				for i := range data.Contacts {
					data.Contacts[i].UpdatedAt = int64(1000 + i)
				}
				f := fake.New(data, fake.Options{NoLimits: true})
				book := quick(t, h(f))
				all, err := book.List(t.Context(), nil)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := book.Changes(t.Context(), all.State, nil); !connectors.IsKind(err, connectors.KindUnsupported) {
					t.Errorf("got %v, want to be told that it cannot", err)
				}
			})
		})
	}
}

func TestChangedFrom(t *testing.T) {
	t.Parallel()
	since := time.Date(2026, 5, 1, 12, 0, 0, 500, time.UTC)
	at := func(d time.Duration) connectors.Contact { return connectors.Contact{UpdatedAt: since.Add(d)} }
	for name, tc := range map[string]struct {
		known   []connectors.Contact // of a full fetch
		changed []connectors.Contact // of an incremental one after it
		want    time.Duration        // from since
	}{
		"nobody is known":                    {nil, nil, -time.Hour},
		"the latest change, with an overlap": {[]connectors.Contact{at(-40 * time.Minute), at(-20 * time.Minute), {}}, nil, -22 * time.Minute},
		"the latest was long ago":            {[]connectors.Contact{at(-400 * time.Hour)}, nil, -time.Hour},
		"one lies ahead":                     {[]connectors.Contact{at(5000 * time.Hour), at(-20 * time.Minute)}, nil, -2 * time.Minute},
		"a later change":                     {[]connectors.Contact{at(-40 * time.Minute)}, []connectors.Contact{at(-20 * time.Minute)}, -22 * time.Minute},
		"one lay ahead":                      {[]connectors.Contact{at(5000 * time.Hour)}, []connectors.Contact{at(-20 * time.Minute)}, -22 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := contactsListing{Records: tc.known, Complete: true}
			first := decoded(t, position{Began: since.Add(-5 * time.Minute)}.after(l).State)
			l.Records = tc.changed
			second := decoded(t, position{Began: since, Latest: first.Latest}.after(l).State)
			if got, want := second.changedFrom(), since.Add(tc.want).Truncate(time.Second); !got.Equal(want) {
				t.Errorf("from %v, want %v", got, want)
			}
		})
	}
}

func decoded(t *testing.T, s connectors.State) (p position) {
	t.Helper()
	if err := json.Unmarshal([]byte(s), &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// A state that cannot be read makes the next fetch a full one, without a call.
func TestStateOfNoUse(t *testing.T) {
	t.Parallel()
	f := fake.New(dataWith(600), fake.Options{NoLimits: true})
	synctest.Test(t, func(t *testing.T) {
		book := quick(t, f)
		for _, state := range []connectors.State{"", "1717403600", `{"latest":"2026-05-01T12:00:00Z"}`} {
			if l, err := book.Changes(t.Context(), state, nil); !connectors.IsKind(err, connectors.KindUnsupported) || l.State != "" {
				t.Errorf("%q: %v, next state %q", state, err, l.State)
			}
		}
		if calls := f.Calls()["contacts.list"]; calls != 0 {
			t.Errorf("%d calls", calls)
		}
	})
}

// A fetch that was interrupted has no state. After its end, changes are fetched from its beginning.
func TestStateOfAResumedFetch(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f, calls := fake.New(dataWith(600), fake.Options{NoLimits: true}), 0
		book := quick(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if calls++; calls > 1 && calls < 6 {
				http.Error(w, "busy", http.StatusBadGateway)
				return
			}
			f.ServeHTTP(w, r)
		}))
		began := time.Now()
		l, err := book.List(t.Context(), nil)
		if err == nil || l.State != "" {
			t.Errorf("interrupted: %v, state %q", err, l.State)
		}
		for err != nil {
			time.Sleep(5 * time.Minute)
			l, err = book.List(t.Context(), nil)
		}
		if l.Began.IsZero() {
			t.Fatal("the fetch was not resumed")
		}
		if got, want := decoded(t, l.State).changedFrom(), began.Add(-time.Hour).Truncate(time.Second); !got.Equal(want) {
			t.Errorf("changes from %v, want %v", got, want)
		}
	})
}

// TestPageAt: every page begins at the row or before it, and pages of other sizes cost few calls more.
func TestPageAt(t *testing.T) {
	t.Parallel()
	calls := 0
	for offset := 0; offset < 1_000_000; calls++ {
		limit, number := pageAt(offset)
		begin := (number - 1) * limit
		if limit < 1 || limit > 250 || begin > offset || begin+limit <= offset+1 {
			t.Fatalf("for row %d: page %d of %d rows", offset, number, limit)
		}
		offset = begin + limit - 1
	}
	if calls > 4350 {
		t.Errorf("a million contacts take %d calls, of 4000 at the least", calls)
	}
}

// TestContactsMove holds readings that fail at random against an address book that changes at random: whoever was there throughout is in a
// complete listing, once, and nobody is who left before it began.
func TestContactsMove(t *testing.T) {
	t.Parallel()
	moves := rapid.SliceOfN(rapid.SliceOfN(rapid.IntRange(0, 9999), 0, 4), 0, 30)
	rapid.Check(t, func(rt *rapid.T) {
		count := rapid.IntRange(0, 1500).Draw(rt, "contacts")
		moving := moves.Draw(rt, "moves before each call")
		failing := rapid.SliceOfN(rapid.Bool(), 0, 12).Draw(rt, "failing calls")
		pause := time.Duration(rapid.IntRange(1, 40).Draw(rt, "pause in minutes")) * time.Minute
		var fault string
		synctest.Test(t, func(t *testing.T) { fault = playContacts(t, count, moving, failing, pause) })
		if fault != "" {
			rt.Fatal(fault)
		}
	})
}

func playContacts(t *testing.T, count int, moving [][]int, failing []bool, pause time.Duration) (fault string) {
	f := fake.New(dataWith(count), fake.Options{NoLimits: true})
	came, left := map[string]time.Time{}, map[string]time.Time{}
	for i := range count {
		came[strconv.Itoa(i+1)] = time.Time{}
	}
	call, next := 0, int64(count)
	book := quick(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		time.Sleep(time.Second)
		f.Update(func(d *fake.Data) {
			for _, n := range moving[min(call, len(moving)):min(call+1, len(moving))] {
				for _, one := range n {
					if one%3 == 0 { // added ones have the highest number, as Kommo gives it
						next++
						d.Contacts = append(d.Contacts, fake.Contact{ID: next})
						came[strconv.FormatInt(next, 10)] = time.Now()
					} else if len(d.Contacts) > 0 { // some at once, so that whole overlaps go
						at := one % len(d.Contacts)
						to := min(len(d.Contacts), at+1+one%7)
						for _, c := range d.Contacts[at:to] {
							left[strconv.FormatInt(c.ID, 10)] = time.Now()
						}
						d.Contacts = slices.Delete(slices.Clone(d.Contacts), at, to)
					}
				}
			}
		})
		if call++; call <= len(failing) && failing[call-1] {
			http.Error(w, "busy", http.StatusBadGateway)
			return
		}
		f.ServeHTTP(w, r)
	}))
	for range 100 {
		began := time.Now()
		got, err := book.List(t.Context(), nil)
		if err != nil {
			time.Sleep(pause)
			continue
		}
		if !got.Began.IsZero() {
			began = got.Began
		}
		if !got.Complete {
			return "an ordered list can always be read whole"
		}
		seen := map[string]bool{}
		for _, id := range idsOf(got) {
			at, gone := left[id]
			if _, known := came[id]; seen[id] || !known || gone && at.Before(began) {
				return fmt.Sprintf("%s: twice %v, was ever there %v, left at %v; began at %v", id, seen[id], known, at, began)
			}
			seen[id] = true
		}
		for id, at := range came {
			if _, gone := left[id]; !gone && !at.After(began) && !seen[id] {
				return id + " was there throughout, and is missing"
			}
		}
		return ""
	}
	return "it does not end"
}
