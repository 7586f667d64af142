package resolvers_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

// teamSource is a source that can create teams. Its list shows a new team a minute later.
type teamSource struct {
	mu    sync.Mutex
	teams []connectors.Team
	shown time.Time
}

func (*teamSource) Terms() connectors.Terms {
	return connectors.Terms{MaxText: 40, TeamKinds: []connectors.TeamKind{connectors.TeamCompany}}
}

func (*teamSource) Preview(in connectors.NewTeam) connectors.Preview {
	return connectors.Preview{Op: "add_team", Parameters: map[string]string{"title": in.Name}}
}

func (m *teamSource) Create(_ context.Context, in connectors.NewTeam) (connectors.Team, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.teams = append(m.teams, connectors.Team{ID: "made" + in.Name, Name: in.Name, Kind: in.Kind})
	m.shown = time.Now().Add(time.Minute)
	return m.teams[len(m.teams)-1], nil
}

func (m *teamSource) List(context.Context, connectors.Progress[connectors.Team]) (connectors.Listing[connectors.Team], error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	l := connectors.Listing[connectors.Team]{Records: []connectors.Team{{ID: "t1", Name: "Sales", Kind: connectors.TeamCompany}}, Complete: true}
	if !m.shown.IsZero() && !time.Now().Before(m.shown) {
		l.Records = append(l.Records, slices.Clone(m.teams)...)
	}
	return l, nil
}

func newTeamSource() *connectors.Source {
	m := &teamSource{}
	s := ws()
	s.Teams, s.TeamCreator = m, m
	return s
}

// The fields of a mutation run in their order. Each sees the effects of those before it, and so does the next operation.
func TestMutationsRunInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, newTeamSource(), crm()).read()
		got := w.get(`mutation {
			a: createTeam(input: {source: "ws", name: "One"}) { outcome team { name members { totalCount completeness { complete } } } userErrors { code } }
			b: createTeam(input: {source: "ws", name: "One"}) { outcome team { id } }
			c: createTeam(input: {source: "ws", name: "Two", dryRun: true}) { outcome wouldSend team { id } }
			d: createTeam(input: {source: "crm", name: ""}) { outcome team { id } userErrors { field code } }
			e: createTeam(input: {source: "ws", name: "Sales"}) { outcome team { name } }
		}`)
		id := text(got, "b", "team", "id")
		want := map[string]any{
			"a": map[string]any{"outcome": "DONE", "userErrors": []any{}, "team": map[string]any{"name": "One",
				"members": map[string]any{"totalCount": 0.0, "completeness": map[string]any{"complete": true}}}},
			"b": map[string]any{"outcome": "ALREADY_DONE", "team": map[string]any{"id": id}},
			"c": map[string]any{"outcome": "CHECKED", "team": nil, "wouldSend": map[string]any{"operation": "add_team", "parameters": map[string]any{"title": "Two"}}},
			"d": map[string]any{"outcome": "REJECTED", "team": nil, "userErrors": []any{map[string]any{"field": []any{"input", "source"}, "code": "NOT_SUPPORTED"}}},
			"e": map[string]any{"outcome": "ALREADY_DONE", "team": map[string]any{"name": "Sales"}},
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("the mutation's answer (-want +got):\n%s", diff)
		}
		for _, pause := range []time.Duration{0, 30 * time.Second, 10 * time.Minute} { // before and after the source's list shows it
			time.Sleep(pause)
			if name := text(w.get(`query($id: ID!) { node(id: $id) { ... on Team { name } } }`, "id", id), "node", "name"); id == "" || name != "One" {
				t.Errorf("after %s it is %q", pause, name)
			}
		}
	})
}

func TestRefreshSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, newTeamSource(), crm()).read()
		refresh := func(input string) any {
			return in(w.get(`mutation { refreshSource(input: `+input+`) { outcome source { name } userErrors { field code } } }`), "refreshSource")
		}
		ok := func(outcome string) any {
			return map[string]any{"outcome": outcome, "source": map[string]any{"name": "ws"}, "userErrors": []any{}}
		}
		reads := func() any {
			return in(w.get(`{ sources { collections { kind reads } } }`), "sources", 0, "collections", 1, "reads")
		}
		if diff := cmp.Diff(ok("ALREADY_DONE"), refresh(`{source: "ws"}`)); diff != "" {
			t.Errorf("just fetched (-want +got):\n%s", diff)
		}
		time.Sleep(15 * time.Second)
		before, _ := reads().(float64)
		if diff := cmp.Diff(ok("DONE"), refresh(`{source: "ws", collections: [TEAMS]}`)); diff != "" {
			t.Errorf("later (-want +got):\n%s", diff)
		}
		synctest.Wait()
		if after := reads(); after != before+1 {
			t.Errorf("%v fetches, and before %v", after, before)
		}
		if diff := cmp.Diff(ok("DONE"), refresh(`{source: "ws", collections: [TEAMS], acceptLoss: true}`)); diff != "" {
			t.Errorf("a loss is accepted by a separate fetch (-want +got):\n%s", diff)
		}
		synctest.Wait()
		if got := reads(); got != before+1 {
			t.Errorf("%v fetches within min_interval, and before %v", got, before)
		}
		time.Sleep(15 * time.Second)
		synctest.Wait()
		if got := reads(); got != before+2 {
			t.Errorf("%v fetches after it, and before %v", got, before)
		}
		want := map[string]any{"outcome": "REJECTED", "source": nil, "userErrors": []any{map[string]any{"field": []any{"input", "source"}, "code": "NOT_FOUND"}}}
		if diff := cmp.Diff(any(want), refresh(`{source: "none"}`)); diff != "" {
			t.Errorf("no such source (-want +got):\n%s", diff)
		}
		want = map[string]any{"outcome": "REJECTED", "source": map[string]any{"name": "ws"},
			"userErrors": []any{map[string]any{"field": []any{"input", "collections", "1"}, "code": "INVALID"}}}
		if diff := cmp.Diff(any(want), refresh(`{source: "ws", collections: [TEAMS, ROLES]}`)); diff != "" {
			t.Errorf("no such collection (-want +got):\n%s", diff)
		}
	})
}

// A source in a long pause is not refreshed, unless the caller ends the pause with force.
func TestRefreshSourceByForce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		source := newTeamSource()
		var pause *connectors.Error
		source.Health = func() connectors.Health {
			if pause == nil {
				return connectors.Health{}
			}
			return connectors.Health{Pause: pause}
		}
		source.Resume = func() { pause = nil }
		w := newTestServer(t, source).read()
		time.Sleep(15 * time.Second)
		pause = &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 10 * time.Minute, Detail: "too many calls"}
		at := func(d time.Duration) string { return time.Now().Add(d).UTC().Format(time.RFC3339) }
		want := any(map[string]any{"until": at(10 * time.Minute), "code": "RATE_LIMITED", "message": "rate limited: too many calls", "partial": false})
		if diff := cmp.Diff(want, in(w.get(`{ sources { pause { until code message partial } } }`), "sources", 0, "pause")); diff != "" {
			t.Errorf("the pause (-want +got):\n%s", diff)
		}
		refresh := func(input string) any {
			return in(w.get(`mutation { refreshSource(input: `+input+`) { outcome startsAt userErrors { code } source { pause { until } } } }`), "refreshSource")
		}
		want = map[string]any{"outcome": "REJECTED", "startsAt": nil, "userErrors": []any{map[string]any{"code": "REFUSED_BY_SOURCE"}},
			"source": map[string]any{"pause": map[string]any{"until": at(10 * time.Minute)}}}
		if diff := cmp.Diff(want, refresh(`{source: "ws"}`)); diff != "" {
			t.Errorf("in the pause (-want +got):\n%s", diff)
		}
		done := func(startsAt string) any {
			return map[string]any{"outcome": "DONE", "startsAt": startsAt, "userErrors": []any{}, "source": map[string]any{"pause": nil}}
		}
		if diff := cmp.Diff(done(at(0)), refresh(`{source: "ws", collections: [TEAMS], force: true}`)); diff != "" {
			t.Errorf("by force (-want +got):\n%s", diff)
		}
		synctest.Wait()
		time.Sleep(4 * time.Second)
		if diff := cmp.Diff(done(at(6*time.Second)), refresh(`{source: "ws", collections: [TEAMS], force: true}`)); diff != "" {
			t.Errorf("force must not exceed the rate limit (-want +got):\n%s", diff)
		}
	})
}

func TestCapabilities(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t, newTeamSource(), chat()).read()
		got := w.get(`{ sources { capabilities } }`)
		want := map[string]any{"sources": []any{map[string]any{"capabilities": []any{"CREATE_TEAM"}}, map[string]any{"capabilities": []any{"PRESENCE"}}}}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("capabilities (-want +got):\n%s", diff)
		}
	})
}
