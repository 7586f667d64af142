package e2e_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// everything asks for all that the sources hold. What depends on several sources at once, such as who is one person, is asked for too: it must
// come back when they do.
const everything = `{
	users(first: 500) { completeness { ...C } nodes { id name email emails { address }
		accounts { id externalId name username email emailTrust active accessLevel source { name } teams { id name } roles { id name } } } }
	teams(first: 500) { completeness { ...C } nodes { id name kind source { name } } }
	roles(first: 500) { completeness { ...C } nodes { id name accessLevel source { name } } }
	contacts(first: 500) { completeness { ...C } nodes { id name emails tags source { name } folder { id name } } }
	contactFolders(first: 500) { completeness { ...C } nodes { id name kind source { name } } }
}
fragment C on Completeness { complete missing { name } stale { name } }`

type named struct{ Name string }

type list struct {
	Completeness struct {
		Complete       bool
		Missing, Stale []named
	}
	Nodes []map[string]any
}

// lists are the answer to everything, by field.
type lists map[string]list

func (l lists) records() map[string][]map[string]any {
	all := make(map[string][]map[string]any)
	for field, list := range l {
		all[field] = list.Nodes
	}
	return all
}

// bySource gives the records of each source but the one that is left out: the accounts and all lists, not the people, who may have accounts in
// several.
func (l lists) bySource(without string) map[string][]string {
	found := make(map[string][]string)
	add := func(kind string, record map[string]any) {
		name := record["source"].(map[string]any)["name"].(string)
		text, err := json.Marshal(record)
		if err != nil {
			panic(err) // it has just been decoded
		}
		if name != without {
			found[kind+" of "+name] = append(found[kind+" of "+name], string(text))
		}
	}
	for field, list := range l {
		for _, node := range list.Nodes {
			if field != "users" {
				add(field, node)
				continue
			}
			for _, account := range node["accounts"].([]any) {
				add("accounts", account.(map[string]any))
			}
		}
	}
	for _, records := range found {
		slices.Sort(records)
	}
	return found
}

// look asks for everything, and gives one error for each source of those that there are for each list.
func look(t *testing.T, p *program) (lists, []problem) {
	t.Helper()
	a := p.ask(t, everything, nil)
	var l lists
	if err := json.Unmarshal(a.Data, &l); err != nil || len(l) != 5 || a.Status != http.StatusOK {
		t.Fatalf("HTTP %d, data %.300s, want five lists: whatever happens, none is null", a.Status, a.Data)
	}
	var errs []problem
	for _, e := range a.Errors {
		if !slices.ContainsFunc(errs, func(known problem) bool { return known.Extensions.Source == e.Extensions.Source }) {
			errs = append(errs, e)
		}
	}
	return l, errs
}

// fault is a way in which a source can fail.
type fault struct {
	effect faults.Effect // nil for a system that is down
	// lasting faults are not worth trying again soon, so that recovery would take longer than a test may.
	lasting bool
	slow    bool     // it shows by a time-out
	halves  bool     // it cuts answers in two
	reasons []string // what clients are told, one of these
}

var waysToFail = map[string]fault{
	"down":      {reasons: []string{"UNAVAILABLE"}},
	"hangs":     {effect: faults.Hang(), slow: true, reasons: []string{"TIMEOUT"}},
	"fails":     {effect: faults.Reply(500, faults.HTML("<h1>"+canary+"</h1>")), reasons: []string{"UNAVAILABLE"}},
	"garbage":   {effect: faults.Reply(200, faults.JSON(canary)), reasons: []string{"BAD_RESPONSE"}},
	"truncated": {effect: faults.Truncate(), halves: true, reasons: []string{"BAD_RESPONSE"}},
	"limited": {effect: faults.Reply(429, faults.JSON(`{"error":"`+canary+`"}`), "Retry-After", "3600"), lasting: true,
		reasons: []string{"RATE_LIMITED"}},
	"forbidden": {effect: faults.Reply(403, faults.HTML("<h1>"+canary+"</h1>")), lasting: true, reasons: []string{"FORBIDDEN", "RATE_LIMITED"}},
}

// onABadDay is a program over four systems, one of which can be broken and mended.
type onABadDay struct {
	*program
	systems map[connectors.KindName]*sandbox.Sandbox
	broken  connectors.KindName
	fault   fault
}

const smallCompany = 40

func newBadDay(t *testing.T, kind connectors.KindName, f fault) *onABadDay {
	t.Helper()
	return &onABadDay{systems: company(t, smallCompany), broken: kind, fault: f}
}

func (d *onABadDay) breakIt(t *testing.T) {
	t.Helper()
	if d.fault.effect != nil {
		d.systems[d.broken].Fault(d.broken).Set(faults.Fault{Effect: d.fault.effect})
	} else if err := d.systems[d.broken].Close(); err != nil {
		t.Fatal(err)
	}
}

func (d *onABadDay) mendIt(t *testing.T) {
	t.Helper()
	if d.fault.effect != nil {
		d.systems[d.broken].Fault(d.broken).Clear()
	} else {
		d.systems[d.broken] = again(t, d.broken, smallCompany, d.systems[d.broken])
	}
}

func (d *onABadDay) start(t *testing.T) {
	t.Helper()
	var sources []map[string]any
	for _, kind := range sandbox.Kinds {
		s := sourceSettings(d.systems[kind].Sources()[0])
		if kind == d.broken {
			if d.fault.slow {
				s["timeout"] = "1s"
			}
			sources = append(sources, reading(s, "1s", "1s"))
		} else { // read once, so that a busy machine makes none of them look bad
			sources = append(sources, reading(s, "30d", "1s"))
		}
	}
	settings := settingsOf(sources...)
	settings["first_wait"] = "1s"
	d.program = serve(t, settings)
	d.awaitFirstReading(t)
}

// awaitHealth waits until all that there is has been read, and gives it.
func (d *onABadDay) awaitHealth(t *testing.T) lists {
	t.Helper()
	var l lists
	eventually(t, "all sources have been read", func() bool {
		var errs []problem
		l, errs = look(t, d.program)
		for _, list := range l {
			if len(errs) > 0 || !list.Completeness.Complete || len(list.Completeness.Stale) > 0 {
				return false
			}
		}
		return true
	})
	return l
}

// failing says whether every collection of the broken source has failed.
func (d *onABadDay) failing(t *testing.T) bool {
	t.Helper()
	var data struct {
		Sources []struct {
			Name        string
			Collections []struct {
				Kind  string
				Error *struct{ Code, Message string }
			}
		}
	}
	d.ask(t, `{ sources { name collections { kind error { code message } } } }`, nil).into(t, &data)
	for _, s := range data.Sources {
		for _, c := range s.Collections {
			if s.Name == string(d.broken) && c.Error == nil {
				if d.fault.halves && d.broken == sandbox.Kommo && c.Kind == "CONTACTS" {
					continue // it is asked for what has changed, which is nothing, and nothing has no half
				}
				return false
			}
			if s.Name == string(d.broken) && !slices.Contains(d.fault.reasons, c.Error.Code) {
				t.Errorf("%s of %s failed for %s, want %v", c.Kind, s.Name, c.Error.Code, d.fault.reasons)
			}
			if s.Name != string(d.broken) && c.Error != nil {
				t.Errorf("%s of %s failed too: %+v", c.Kind, s.Name, c.Error)
			}
		}
	}
	return true
}

// A source that is broken at the start is missing, and said to be; the others' data is all there. When it comes back, so does its data. When it
// then breaks again, what was read of it stays.
func TestBadDays(t *testing.T) {
	t.Parallel()
	for name, f := range waysToFail {
		for _, kind := range sandbox.Kinds {
			t.Run(fmt.Sprintf("%s/%s", kind, name), func(t *testing.T) {
				t.Parallel()
				d := newBadDay(t, kind, f)
				d.breakIt(t)
				d.start(t)
				without, errs := look(t, d.program)
				d.expectMissing(t, without, errs)
				if !d.failing(t) {
					t.Error("not every collection tells that it failed")
				}
				d.mendIt(t)
				if f.lasting { // nobody hammers a source that wants to be left alone: what is warm needs a program of its own
					d = newBadDay(t, kind, f)
					d.start(t)
				}
				healthy := d.awaitHealth(t)
				if diff := cmp.Diff(healthy.bySource(string(kind)), without.bySource("")); diff != "" {
					t.Errorf("the others' data while %s is missing (-when all is well +got):\n%s", kind, diff)
				}
				d.breakIt(t)
				eventually(t, "the source is seen to fail", func() bool { return d.failing(t) })
				warm, errs := look(t, d.program)
				if diff := cmp.Diff(healthy.records(), warm.records()); diff != "" {
					t.Errorf("the data while %s is stale (-when all is well +got):\n%s", kind, diff)
				}
				d.expectStale(t, warm, errs)
			})
		}
	}
}

// expectMissing checks that the lists which the source feeds, and no others, say that it is missing, and that there is one error for it.
func (d *onABadDay) expectMissing(t *testing.T, l lists, errs []problem) {
	t.Helper()
	name := string(d.broken)
	if len(errs) != 1 || errs[0].Extensions.Source != name || errs[0].Extensions.Code != "SOURCE_UNAVAILABLE" {
		t.Fatalf("errors: %+v, want one SOURCE_UNAVAILABLE of %s", errs, name)
	}
	if !slices.Contains(d.fault.reasons, errs[0].Extensions.Reason) {
		t.Errorf("the error's reason is %q, want one of %v", errs[0].Extensions.Reason, d.fault.reasons)
	}
	if d.fault.lasting && errs[0].Extensions.RetryAfter == 0 {
		t.Errorf("the error does not say when it is worth asking again: %+v", errs[0])
	}
	feeds := map[connectors.Collection]string{
		connectors.Accounts: "users", connectors.Teams: "teams", connectors.Roles: "roles", connectors.Contacts: "contacts",
		connectors.ContactFolders: "contactFolders",
	}
	for collection, field := range feeds {
		c := l[field].Completeness
		if slices.Contains(collectionsOf[d.broken], collection) && c.Complete {
			t.Errorf("%s calls itself complete without %s", field, name)
		}
		if c.Complete != (len(c.Missing) == 0) || len(c.Stale) != 0 || slices.ContainsFunc(c.Missing, func(n named) bool { return n.Name != name }) {
			t.Errorf("completeness of %s: %+v, want %s missing if anything", field, c, name)
		}
	}
	for of, records := range l.bySource("") {
		if len(records) == 0 || slices.Contains([]string{"accounts of " + name, "contacts of " + name}, of) {
			t.Errorf("%d %s, which is missing", len(records), of)
		}
	}
}

// expectStale checks that the broken source is the only one named, as stale or as read in part.
func (d *onABadDay) expectStale(t *testing.T, l lists, errs []problem) {
	t.Helper()
	name := string(d.broken)
	for field, list := range l {
		c := list.Completeness
		if c.Complete != (len(c.Missing) == 0) {
			t.Errorf("completeness of %s contradicts itself: %+v", field, c)
		}
		for _, n := range slices.Concat(c.Missing, c.Stale) {
			if n.Name != name {
				t.Errorf("completeness of %s names %s, want %s only", field, n.Name, name)
			}
		}
	}
	if c := l["users"].Completeness; len(c.Missing)+len(c.Stale) != 1 {
		t.Errorf("completeness of users: %+v, want %s missing or stale", c, name)
	}
	for _, e := range errs {
		if e.Extensions.Source != name || e.Extensions.Code != "SOURCE_INCOMPLETE" || len(errs) > 1 {
			t.Errorf("errors: %+v, want at most one, SOURCE_INCOMPLETE of %s", errs, name)
		}
	}
}
