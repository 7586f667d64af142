package resolvers_test

import (
	"context"
	"strconv"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// counted is a source with one account, whose name is the number of fetches so far. After the time down it fails.
type counted struct {
	reads atomic.Int64
	down  atomic.Bool
}

func (c *counted) source(name string) *connectors.Source {
	return &connectors.Source{Name: name, Kind: "kommo", Accounts: connectors.ListFunc[connectors.Account](
		func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
			n := c.reads.Add(1)
			if c.down.Load() {
				return connectors.Listing[connectors.Account]{}, &connectors.Error{Kind: connectors.KindUnavailable}
			}
			return connectors.Listing[connectors.Account]{
				Records: []connectors.Account{{ID: "1", Name: strconv.FormatInt(n, 10), Active: true}}, Complete: true,
			}, nil
		})}
}

const askedFor = `{ users { nodes { name } completeness { complete stale { name } } } }`

// ages returns the headers about age.
func ages(h map[string][]string) map[string]string {
	out := make(map[string]string)
	for _, name := range []string{"Age", "Cache-Control"} {
		if v := h[name]; len(v) > 0 {
			out[name] = v[0]
		}
	}
	return out
}

func TestFreshnessOfTheCallersChoice(t *testing.T) {
	t.Parallel()
	type header = map[string]string
	const s = time.Second
	for name, tc := range map[string]struct {
		after        time.Duration // since the first fetch
		down         bool
		cacheControl string
		people       string // the number of the fetch from which they come
		stale        int
		errors       []map[string]any
		header       header
	}{
		"no requirement":     {after: 40 * s, people: "1", header: header{"Age": "40", "Cache-Control": "private, max-age=60"}},
		"young enough":       {after: 40 * s, cacheControl: "max-age=40", people: "1", header: header{"Age": "40", "Cache-Control": "private, max-age=60"}},
		"too old":            {after: 40 * s, cacheControl: "max-age=39", people: "2", header: header{"Age": "0", "Cache-Control": "private, max-age=60"}},
		"no-cache":           {after: 40 * s, cacheControl: "no-cache", people: "2", header: header{"Age": "0", "Cache-Control": "private, max-age=60"}},
		"no-cache too early": {after: 4 * s, cacheControl: "no-cache", people: "1", stale: 1, header: header{"Age": "4", "Cache-Control": "no-store"}, errors: []map[string]any{{"code": "SOURCE_STALE", "source": "a", "retryAfter": 6.}}},
		"down": {after: 40 * s, down: true, cacheControl: "no-cache", people: "1", stale: 1, header: header{"Age": "40", "Cache-Control": "no-store"},
			errors: []map[string]any{{"code": "SOURCE_STALE", "source": "a", "reason": "UNAVAILABLE"}}},
		"down, and tolerated": {after: 40 * s, down: true, cacheControl: "no-cache, stale-if-error=40", people: "1",
			header: header{"Age": "40", "Cache-Control": "private, max-age=60"}},
		"down for longer than tolerated": {after: 40 * s, down: true, cacheControl: "no-cache, stale-if-error=39", people: "1", stale: 1,
			header: header{"Age": "40", "Cache-Control": "no-store"}, errors: []map[string]any{{"code": "SOURCE_STALE", "source": "a", "reason": "UNAVAILABLE"}}},
		"only if cached": {after: 40 * s, cacheControl: "only-if-cached, no-cache", people: "1", stale: 1, header: header{"Age": "40", "Cache-Control": "no-store"},
			errors: []map[string]any{{"code": "SOURCE_STALE", "source": "a", "retryAfter": 1.}}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				c := &counted{}
				w := newTestServer(t, c.source("a"))
				synctest.Wait()
				time.Sleep(tc.after)
				c.down.Store(tc.down)
				a, h := w.askFor(tc.cacheControl, askedFor)
				if got := text(a.Data, "users", "nodes", 0, "name"); got != tc.people {
					t.Errorf("the data comes from fetch %s, want %s", got, tc.people)
				}
				if stale, _ := in(a.Data, "users", "completeness", "stale").([]any); len(stale) != tc.stale || in(a.Data, "users", "completeness", "complete") != true {
					t.Errorf("completeness %v, want %d stale", in(a.Data, "users", "completeness"), tc.stale)
				}
				if diff := cmp.Diff(tc.header, ages(h)); diff != "" {
					t.Errorf("header (-want +got):\n%s", diff)
				}
				var got []map[string]any
				for _, e := range a.Errors {
					if again, ok := e.Extensions["retryAfter"].(float64); !ok || again < 1 {
						t.Errorf("the error's retryAfter is %v", e.Extensions["retryAfter"])
					}
					if tc.down { // the pause after a failure is random
						delete(e.Extensions, "retryAfter")
					}
					got = append(got, e.Extensions)
				}
				if diff := cmp.Diff(tc.errors, got); diff != "" {
					t.Errorf("errors (-want +got):\n%s", diff)
				}
			})
		})
	}
}

// A source that cannot meet the freshness requirement has one error, however many of its collections are needed. Other sources' data meets it.
func TestOneErrorPerStaleSource(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := &counted{}
		w := newTestServer(t, ws(), c.source("a"))
		synctest.Wait()
		time.Sleep(6 * time.Second)
		a, _ := w.askFor("max-age=1", `{ users { totalCount } teams { totalCount } contacts { totalCount } }`)
		var got []any
		for _, e := range a.Errors {
			got = append(got, e.Path[0], e.Extensions["source"], e.Message)
		}
		const lately = " are older than asked: they have been read so lately that they may not be read again yet"
		want := []any{
			"users", "ws", "accounts of source ws" + lately, "users", "a", "accounts of source a" + lately,
			"teams", "ws", "accounts of source ws" + lately, "contacts", "ws", "contacts of source ws" + lately,
		}
		if diff := cmp.Diff([]any(nil), got); diff != "" {
			t.Errorf("6 s after the first fetch, which 4 s more bring up to date: %v", got)
		}
		time.Sleep(4 * time.Second)
		a, _ = w.askFor("max-age=1", `{ users { totalCount } teams { totalCount } contacts { totalCount } }`)
		got = nil
		for _, e := range a.Errors {
			got = append(got, e.Path[0], e.Extensions["source"], e.Message)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("4 s after the second (-want +got):\n%s", diff)
		}
	})
}

func TestOnlyIfCached(t *testing.T) {
	bubble(t, func(t *testing.T) {
		slow := crm()
		slow.Accounts = hanging[connectors.Account]()
		c := &counted{}
		w := newTestServer(t, c.source("a"), slow)
		synctest.Wait()
		var a answer
		if took := elapsed(func() { a, _ = w.askFor("only-if-cached", askedFor) }); took != 0 {
			t.Errorf("it took %v", took)
		}
		if len(a.Errors) != 1 || text(a.Data, "users", "nodes", 0, "name") != "1" {
			t.Fatalf("answer %v, want the one source's data, and one error", a)
		}
		if diff := cmp.Diff(map[string]any{"code": "ONLY_IF_CACHED", "source": "crm"}, a.Errors[0].Extensions); diff != "" {
			t.Errorf("the error (-want +got):\n%s", diff)
		}
		time.Sleep(5 * time.Hour) // without queries, nothing is fetched any more
		reads := c.reads.Load()
		for range 10 {
			w.askFor("only-if-cached", askedFor)
			time.Sleep(time.Minute)
		}
		if got := c.reads.Load(); got != reads {
			t.Errorf("only-if-cached has caused %d fetches", got-reads)
		}
	})
}

func TestOnlyIfCachedFetchesNoPresence(t *testing.T) {
	bubble(t, func(t *testing.T) {
		source, recorder := chat(), &presenceSource{}
		source.Presence = recorder
		w := newTestServer(t, source).read()
		const document = `{ users { nodes { presence } } }`
		w.askFor("only-if-cached", document)
		if calls := recorder.asked(); len(calls) > 0 {
			t.Errorf("presence was fetched: %v", calls)
		}
		w.ask(document)
		a, h := w.askFor("only-if-cached", document)
		if got := text(a.Data, "users", "nodes", 0, "presence"); got != "ONLINE" || len(recorder.asked()) != 1 {
			t.Errorf("presence %q after %d calls, want the cached one", got, len(recorder.asked()))
		}
		// Presence is never cacheable.
		if diff := cmp.Diff(map[string]string{"Age": "0", "Cache-Control": "private, max-age=0"}, ages(h)); diff != "" {
			t.Errorf("header (-want +got):\n%s", diff)
		}
	})
}

// An answer without data of sources, and a refusal, are not cacheable.
func TestNoAge(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, ws()).read()
		for _, document := range []string{`{ sources { name } }`, `{ __typename }`, `{ nonsense }`, `{ users(first: 501) { totalCount } }`} {
			if _, h := w.askFor("", document); h.Get("Cache-Control") != "no-store" {
				t.Errorf("%s: %v", document, ages(h))
			}
		}
	})
}

func TestReadsAndWaits(t *testing.T) {
	bubble(t, func(t *testing.T) {
		c := &counted{}
		source := c.source("a")
		quick := source.Accounts
		source.Accounts = connectors.ListFunc[connectors.Account](
			func(ctx context.Context, p connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				time.Sleep(time.Second)
				return quick.List(ctx, p)
			})
		w := newTestServer(t, source)
		w.once = true
		w.get(askedFor) // waits for the first fetch
		w.get(askedFor)
		time.Sleep(30 * time.Second)
		w.askFor("no-cache", askedFor) // causes a fetch, and waits for it
		w.askFor("max-age=5", askedFor)
		got := w.get(`{ sources { collections { reads waits } } }`)
		want := []any{map[string]any{"reads": 2., "waits": 2.}}
		if diff := cmp.Diff(want, in(got, "sources", 0, "collections")); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}
