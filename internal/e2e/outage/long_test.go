package outage_test

import (
	"fmt"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"roster/connectors/faults"
	"roster/internal/e2e/memnet"
	"roster/internal/sandbox"
)

// TestLongReading is a company whose Rocket.Chat has 10,000 users, at its real limit of ten calls a minute, which fails for some minutes
// half-way, while people join and leave: what has been read so far is served and grows, how far it is can be seen, and in the end all is there
// without having begun anew.
func TestLongReading(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &system{kind: sandbox.RocketChat, network: &memnet.Network{}}
		l, err := s.network.Listen(string(s.kind) + domain)
		if err != nil {
			t.Fatal(err)
		}
		s.Sandbox, err = sandbox.StartOne(t.Context(), s.kind, sandbox.Options{People: 10_000, Seed: 1, Limits: true, Listener: l, TLS: trusted})
		if err != nil {
			t.Fatal(err)
		}
		w := world{s.kind: s}
		defer w.close()
		there := s.Turnover(func(string) bool { return false })
		there = s.Turnover(func(string) bool { return false }, invented("extra", max(0, 10_000-len(there)))...)
		slices.Sort(there)
		stay := make(map[string]bool) // who is there from beginning to end
		for i, id := range there {
			stay[id] = i%100 != 7
		}
		began := time.Now()
		p := start(t, w)
		defer p.stop()
		state := func() (of string, count, read float64) {
			a := p.ask(question{name: "sources", query: `{ sources { collections { kind state count fetch { count expectedCount startedAt } } } }`})
			c := in(a.Data, "sources", 0, "collections", 0)
			n, _ := in(c, "count").(float64)
			r, _ := in(c, "fetch", "count").(float64)
			of, _ = in(c, "state").(string)
			return of, n, r
		}
		time.Sleep(4*time.Minute + 30*time.Second)
		of, count, read := state()
		if of != "INCOMPLETE" || count < 3000 || count > 6000 || read < count {
			t.Errorf("after four minutes: %s, %v served and %v read", of, count, read)
		}
		s.Fault(s.kind).Set(faults.Fault{Effect: faults.Reply(500, page)})
		time.Sleep(90 * time.Second)
		if of, down, read := state(); of != "INCOMPLETE" || down < count || read != 0 {
			t.Errorf("while it is down: %s, %v served and %v read", of, down, read)
		}
		s.Fault(s.kind).Clear()
		s.Turnover(func(id string) bool { return !stay[id] }, append(invented("A-new", 50), invented("zz-new", 50)...)...)
		before := s.Calls()[s.kind]["users.list"]
		for of != "FRESH" && time.Since(began) < time.Hour {
			time.Sleep(30 * time.Second)
			of, _, _ = state()
		}
		if of != "FRESH" {
			t.Fatal("not all users have been read after an hour")
		}
		if after := s.Calls()[s.kind]["users.list"]; after > 110 || before > 70 {
			t.Errorf("%d calls, %d of them before it was well again: it has begun anew", after, before)
		}
		found := make(map[string]bool)
		cursor := any(nil)
		for {
			a := p.ask(question{name: "users", query: fmt.Sprintf(
				`{ users(first: 500, after: %s) { pageInfo { hasNextPage endCursor } nodes { accounts { externalId } } } }`, quoted(cursor))})
			if len(a.Errors) > 0 {
				t.Fatalf("%v", a.Errors)
			}
			nodes, _ := in(a.Data, "users", "nodes").([]any)
			for _, n := range nodes {
				id, _ := in(n, "accounts", 0, "externalId").(string)
				if found[id] {
					t.Errorf("%s is there twice", id)
				}
				found[id] = true
			}
			if next, _ := in(a.Data, "users", "pageInfo", "hasNextPage").(bool); !next {
				break
			}
			cursor = in(a.Data, "users", "pageInfo", "endCursor")
		}
		for id, stays := range stay {
			if stays && !found[id] {
				t.Fatalf("%s was there throughout, and is missing among %d", id, len(found))
			}
		}
	})
}

// invented gives so many IDs that begin alike.
func invented(begin string, n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%s%05d", begin, i)
	}
	return ids
}

func quoted(cursor any) string {
	if s, ok := cursor.(string); ok {
		return `"` + s + `"`
	}
	return "null"
}

// in walks down into an answer.
func in(v any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := v.(map[string]any)
			v = m[p]
		case int:
			l, _ := v.([]any)
			if p >= len(l) {
				return nil
			}
			v = l[p]
		}
	}
	return v
}
