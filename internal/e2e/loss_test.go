package e2e_test

import (
	"fmt"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// accountsOf is how the accounts of the sources stand.
type accountsOf map[string]struct {
	State string
	Count int
	Error *struct{ Code, Message, RetryAt string }
	Loss  *struct{ Known, Found, Lost int }
}

func (p *program) accountsOf(t *testing.T) (people int, all accountsOf) {
	t.Helper()
	var data struct {
		Users struct {
			TotalCount   int
			Completeness struct {
				Complete bool
				Stale    []struct{ Name string }
			}
		}
		Sources []struct {
			Name        string
			Collections []struct {
				Kind, State string
				Count       int
				Error       *struct{ Code, Message, RetryAt string }
				Loss        *struct{ Known, Found, Lost int }
			}
		}
	}
	p.ask(t, `{ users(first: 0) { totalCount completeness { complete stale { name } } }
		sources { name collections { kind state count error { code message retryAt } loss { known found lost since acceptedAt } } } }`, nil).into(t, &data)
	all = accountsOf{}
	for _, s := range data.Sources {
		for _, c := range s.Collections {
			if c.Kind != "ACCOUNTS" {
				continue
			}
			stands := all[s.Name]
			stands.State, stands.Count, stands.Error, stands.Loss = c.State, c.Count, c.Error, c.Loss
			all[s.Name] = stands
			stale := strings.Contains(fmt.Sprint(data.Users.Completeness.Stale), s.Name)
			if c.Loss != nil && !stale {
				t.Errorf("%s holds a loss back, and the list does not say that it is stale", s.Name)
			}
		}
	}
	return data.Users.TotalCount, all
}

// A right that is lost looks like an empty company: HTTP 200 with an empty list. Nobody vanishes, and everybody is told.
func TestLostRightThatLooksLikeAnEmptyCompany(t *testing.T) {
	t.Parallel()
	systems := map[connectors.KindName]*sandbox.Sandbox{sandbox.Worksection: system(t, sandbox.Worksection, 100), sandbox.RocketChat: system(t, sandbox.RocketChat, 100)}
	var sources []map[string]any
	for _, kind := range []connectors.KindName{sandbox.Worksection, sandbox.RocketChat} {
		s := sourceSettings(systems[kind].Sources()[0])
		s["collections"] = map[string]any{"accounts": map[string]any{"fresh_for": "1s", "min_interval": "1s"}}
		sources = append(sources, s)
	}
	settings := settingsOf(sources...)
	settings["cache_dir"] = t.TempDir()
	p := serve(t, settings)
	p.awaitFirstReading(t)
	people, before := p.accountsOf(t)
	systems[sandbox.Worksection].Fault(sandbox.Worksection).Set(faults.Fault{On: faults.Path("get_users"), Effect: faults.Reply(200, faults.JSON(`{"status":"ok","data":[]}`))})
	systems[sandbox.RocketChat].Fault(sandbox.RocketChat).Set(faults.Fault{On: faults.Path("users.list"),
		Effect: faults.Reply(200, faults.JSON(`{"users":[],"count":0,"offset":0,"total":0,"success":true}`))})
	names := []string{string(sandbox.Worksection), string(sandbox.RocketChat)}
	var all accountsOf
	eventually(t, "both losses are held back", func() bool {
		_, all = p.accountsOf(t)
		return all[names[0]].Loss != nil && all[names[1]].Loss != nil
	})
	now, all := p.accountsOf(t)
	if now != people {
		t.Errorf("%d people, and before there were %d", now, people)
	}
	for _, name := range names {
		a := all[name]
		known := before[name].Count
		if a.State != "STALE" || a.Count != known || a.Error == nil || a.Error.Code != "SUSPICIOUS_LOSS" || a.Error.RetryAt == "" ||
			!strings.Contains(a.Error.Message, fmt.Sprintf("%d of the %d known", known, known)) || a.Loss.Known != known || a.Loss.Found != 0 || a.Loss.Lost != known {
			t.Errorf("%s: %+v, %+v, %+v; want all %d, stale", name, a, a.Error, a.Loss, known)
		}
	}
	if _, stdout, _ := run(t, "check", "--config", configFile(t, settings)); strings.Count(stdout, "accounts are held back") != 2 {
		t.Errorf("the check says:\n%s", stdout)
	}
	systems[sandbox.Worksection].Fault(sandbox.Worksection).Clear()
	p.ask(t, `mutation { refreshSource(input: {source: "rocketchat", collections: [ACCOUNTS], acceptLoss: true}) { outcome userErrors { message } } }`, nil)
	eventually(t, "the one is there again and the other's loss is accepted", func() bool {
		_, all = p.accountsOf(t)
		ws, rc := all[names[0]], all[names[1]]
		return ws.Loss == nil && ws.State == "FRESH" && ws.Count == before[names[0]].Count && rc.Loss == nil && rc.State == "FRESH" && rc.Count == 0
	})
}
