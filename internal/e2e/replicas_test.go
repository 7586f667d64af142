package e2e_test

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/faults"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// replicated gives a configuration that shares a Redis, for sources that are read so often.
func replicated(redis *redistest.Server, systems *sandbox.Sandbox, freshFor, minInterval string) map[string]any {
	var sources []map[string]any
	for _, c := range systems.Sources() {
		sources = append(sources, reading(sourceSettings(c), freshFor, minInterval))
	}
	settings := settingsOf(sources...)
	// A busy machine may take its time to connect, and is not to be taken for one without Redis.
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	settings["limits"] = map[string]any{"caller_operations": 250, "requests": 0} // whoever asks is one caller here
	return waiting(settings)
}

// companyOf starts all systems of a company on one address.
func companyOf(t *testing.T, people int) *sandbox.Sandbox {
	t.Helper()
	systems, err := sandbox.Start(t.Context(), sandbox.Options{People: people, Seed: demoSeed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = systems.Close() })
	return systems
}

// awaitConnected waits until a program says that it shares a Redis.
func (p *program) awaitConnected(t *testing.T) {
	t.Helper()
	eventually(t, "Redis is shared", func() bool { return strings.Contains(p.log.String(), "redis is available") })
}

// countsOfAll asks for something of every collection.
const countsOfAll = `{
	users(first: 5) { totalCount completeness { complete } nodes { id name teams { name } roles { name } accounts { source { name } } } }
	teams(first: 1) { totalCount completeness { complete } } roles(first: 1) { totalCount completeness { complete } }
	contacts(first: 1) { totalCount completeness { complete } nodes { owner { name } } }
	contactFolders(first: 1) { totalCount completeness { complete } }
}`

// Five hundred operations that come to three cold servers at once cost one reading of each collection in all, and a server that comes later
// costs none.
func TestReplicasReadOnce(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	systems := companyOf(t, 300)
	once := callsOfOneReading(t, systems)
	systems.ResetCalls()
	for _, kind := range sandbox.Kinds { // so that nothing has been read before everybody has asked
		systems.Fault(kind).Set(faults.Fault{Effect: faults.Slow(1, patience)})
	}
	settings := replicated(redis, systems, "30d", "1s")
	var servers []*program
	for range 3 {
		p := serve(t, settings)
		p.awaitConnected(t)
		servers = append(servers, p)
	}
	const operations = 500
	answers := make([]answer, operations)
	var asking sync.WaitGroup
	var sent atomic.Int64
	for i := range answers {
		asking.Go(func() {
			sent.Add(1)
			answers[i] = servers[i%3].ask(t, countsOfAll, nil)
		})
	}
	eventually(t, "all have asked", func() bool { return sent.Load() == operations })
	for _, kind := range sandbox.Kinds {
		systems.Fault(kind).Clear()
	}
	asking.Wait()
	eventually(t, "every server has all", func() bool {
		for _, p := range servers {
			if a := p.ask(t, countsOfAll, nil); len(a.Errors) > 0 || strings.Contains(string(a.Data), `"complete":false`) {
				return false
			}
		}
		return true
	})
	whole := servers[0].ask(t, countsOfAll, nil)
	for i, a := range answers {
		// A first reading that takes long is served as far as it has come, and says so.
		under := slices.ContainsFunc(a.Errors, func(e problem) bool { return e.Extensions.Code == "SOURCE_INCOMPLETE" })
		if !under && (len(a.Errors) > 0 || string(a.Data) != string(whole.Data)) {
			t.Fatalf("operation %d: errors %+v, data %.300s, in the end it is %.300s", i, a.Errors, a.Data, whole.Data)
		}
	}
	if diff := cmp.Diff(once, systems.Calls()); diff != "" {
		t.Errorf("calls when cold (-one reading of each collection +made):\n%s", diff)
	}

	systems.ResetCalls()
	late := serve(t, settings)
	if a := late.ask(t, countsOfAll, nil); len(a.Errors) > 0 || string(a.Data) != string(whole.Data) {
		t.Errorf("a fresh server answers %.300s, errors %+v, want what the others answer", a.Data, a.Errors)
	}
	presenceOfReplicas(t, append(servers, late))
	want := noCalls()
	want[sandbox.RocketChat] = map[string]int{"users.presence": 1}
	if diff := cmp.Diff(want, systems.Calls()); diff != "" {
		t.Errorf("calls of a fresh server, and for presence (-want +made):\n%s", diff)
	}
}

// presenceOfReplicas asks all servers at once who is there.
func presenceOfReplicas(t *testing.T, servers []*program) {
	t.Helper()
	const there = `{ users(first: 50, filter: { accounts: [{ sources: ["rocketchat"], active: true }] }) { nodes { presence } } }`
	var asking sync.WaitGroup
	answers := make([]answer, len(servers))
	for i, p := range servers {
		p.awaitConnected(t)
		asking.Go(func() { answers[i] = p.ask(t, there, nil) })
	}
	asking.Wait()
	for i, a := range answers {
		if len(a.Errors) > 0 || strings.Contains(string(a.Data), "null") || string(a.Data) != string(answers[0].Data) {
			t.Errorf("server %d tells of presence %.300s, the first %.300s; errors %+v", i, a.Data, answers[0].Data, a.Errors)
		}
	}
}

// Redis is killed, and comes back, while three servers are asked without a pause: no operation fails, all answers are the same, and the sources are
// read no more often than one server may.
func TestRedisDiesUnderLoad(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	systems := companyOf(t, smallCompany)
	var servers []*program
	settings := replicated(redis, systems, "1s", "1s")
	settings["first_wait"] = "2s" // while nobody knows who may call, data of a second's freshness becomes very old, and is waited for
	for range 3 {
		p := serve(t, settings)
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		servers = append(servers, p)
	}
	const records = `{
		users(first: 100) { totalCount nodes { id name email teams { name } roles { name } accounts { id source { name } } } }
		contacts(first: 100) { totalCount nodes { id name folder { name } } }
	}`
	want := servers[0].ask(t, records, nil)
	if len(want.Errors) > 0 {
		t.Fatalf("errors: %+v", want.Errors)
	}
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	var answers atomic.Int64
	for i := range 6 {
		asking.Go(func() {
			for ctx.Err() == nil && !t.Failed() {
				if a := servers[i%3].ask(t, records, nil); len(a.Errors) > 0 || string(a.Data) != string(want.Data) {
					t.Errorf("errors %+v, data:\n%s", a.Errors, cmp.Diff(indented(want.Data), indented(a.Data)))
				}
				answers.Add(1)
			}
		})
	}
	all := func(what string, times int) {
		eventually(t, what, func() bool {
			for _, p := range servers {
				if strings.Count(p.log.String(), what) < times {
					return false
				}
			}
			return true
		})
	}
	more := func(n int) {
		before := sum(systems.Calls()[sandbox.Altcraft])
		eventually(t, "the sources are read again", func() bool { return sum(systems.Calls()[sandbox.Altcraft]) >= before+n })
	}
	systems.ResetCalls()
	began := time.Now()
	more(2)
	redis.Kill()
	all("redis is unavailable", 1)
	more(3) // after a quiet time, each in its own slice of time
	redis.Restart()
	all("redis is available", 2)
	more(2)
	took := time.Since(began)
	stop()
	asking.Wait()
	if n := answers.Load(); n < 50 {
		t.Errorf("only %d answers", n)
	}
	// One reading a second; one more at the beginning, and one where the change of state falls between two.
	if n, most := sum(systems.Calls()[sandbox.Altcraft]), int(took/time.Second)+3; n > most {
		t.Errorf("Altcraft was read %d times in %v, want at most %d", n, took, most)
	}
	for i, p := range servers {
		if n := strings.Count(p.log.String(), "msg=\"redis is"); n != 3 {
			t.Errorf("server %d tells of Redis in %d lines, want three:\n%s", i, n, p.log.String())
		}
	}
}

func sum(calls map[string]int) (n int) {
	for c := range maps.Values(calls) {
		n += c
	}
	return n
}

func indented(data json.RawMessage) string {
	var v any
	_ = json.Unmarshal(data, &v)
	b, _ := json.MarshalIndent(v, "", " ")
	return string(b)
}

// A source that keeps its name and gets another credential, or another account, never serves what Redis has from the one before.
func TestRedisKeepsCredentialsApart(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	systems := companyOf(t, smallCompany)
	lesser := systems.LesserCredential()
	settings := func(change func(source map[string]any)) map[string]any {
		s := replicated(redis, systems, "30d", "1s")
		s["first_wait"], s["max_wait"] = "5s", "5s"
		for _, source := range s["sources"].([]map[string]any) {
			change(source)
		}
		return s
	}
	first := serve(t, settings(func(map[string]any) {}))
	first.awaitFirstReading(t)
	const people = `query($s: String!) {
		users(first: 500, filter: { accounts: [{ sources: [$s] }] }) { nodes { presence accounts { source { name } email } } }
		teams(first: 500, filter: { sources: [$s] }) { nodes { name } }
	}`
	type seen struct{ accounts, addresses, teams, present int }
	see := func(p *program, source string) (s seen) {
		var data struct {
			Users struct {
				Nodes []struct {
					Presence *string
					Accounts []struct {
						Source named
						Email  *string
					}
				}
			}
			Teams struct{ Nodes []named }
		}
		a := p.ask(t, people, vars{"s": source})
		if err := json.Unmarshal(a.Data, &data); err != nil {
			t.Fatalf("%v: %+v", err, a.Errors)
		}
		for _, u := range data.Users.Nodes {
			for _, account := range u.Accounts {
				if account.Source.Name == source {
					s.accounts++
					if account.Email != nil {
						s.addresses++
					}
				}
			}
			if u.Presence != nil {
				s.present++
			}
		}
		s.teams = len(data.Teams.Nodes)
		return s
	}
	before := see(first, "rocketchat")
	if before.accounts == 0 || before.addresses == 0 || before.teams == 0 || before.present == 0 || see(first, "altcraft").accounts == 0 {
		t.Fatalf("with its first credential Rocket.Chat gives %+v", before)
	}
	with := func(kind string, change func(map[string]any)) seen {
		p := serve(t, settings(func(source map[string]any) {
			if source["name"] == kind {
				change(source)
			}
		}))
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		return see(p, kind)
	}
	if got := with("rocketchat", func(s map[string]any) { s["auth_token"] = lesser.Reveal() }); got.accounts != before.accounts ||
		got.addresses != 0 || got.teams != 0 {
		t.Errorf("a credential that sees less gets %+v, want accounts without addresses, and no teams", got)
	}
	if got := with("rocketchat", func(s map[string]any) { s["auth_token"] = "wrong-token" }); got != (seen{}) {
		t.Errorf("a credential that is refused gets %+v", got)
	}
	if got := with("altcraft", func(s map[string]any) { s["account_id"] = 999 }); got != (seen{}) {
		t.Errorf("another account gets %+v", got)
	}
}
