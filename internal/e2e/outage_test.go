package e2e_test

import (
	"encoding/json"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors/faults"
	"roster/internal/sandbox"
)

// With all sources down the program starts, says so, and answers in full when they come.
func TestAllDownAtTheStart(t *testing.T) {
	t.Parallel()
	d := newBadDay(t, sandbox.Worksection, waysToFail["down"])
	for _, s := range d.systems {
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	d.start(t)
	for _, path := range []string{"/healthz", "/readyz", "/"} {
		if got := d.status(t, path); got != http.StatusOK {
			t.Errorf("%s gives HTTP %d, want 200", path, got)
		}
	}
	l, errs := look(t, d.program)
	var sources []string
	for _, e := range errs {
		sources = append(sources, e.Extensions.Source)
		if e.Extensions.Code != "SOURCE_UNAVAILABLE" || e.Extensions.Reason != "UNAVAILABLE" {
			t.Errorf("error: %+v", e)
		}
	}
	if diff := cmp.Diff([]string{"worksection", "kommo", "altcraft", "rocketchat"}, sources); diff != "" {
		t.Errorf("the sources that errors name (-want +got):\n%s", diff)
	}
	for field, list := range l {
		if len(list.Nodes) != 0 || list.Completeness.Complete || len(list.Completeness.Missing) == 0 {
			t.Errorf("%s has %d records, completeness %+v, want none and nothing complete", field, len(list.Nodes), list.Completeness)
		}
	}
	for _, e := range examplesIn(t, repository+"/examples") { // what front ends send is answered whatever happens
		a := e.post(t, d.program)
		if a.Status != http.StatusOK || len(a.Data) == 0 || string(a.Data) == "null" {
			t.Errorf("%s: HTTP %d, data %s", e.name, a.Status, a.Data)
		}
	}
	for kind, s := range d.systems {
		d.systems[kind] = again(t, kind, smallCompany, s)
	}
	if healthy := d.awaitHealth(t); len(healthy["users"].Nodes) < smallCompany || len(healthy["contacts"].Nodes) == 0 {
		t.Errorf("%d people and %d contacts, want all of them", len(healthy["users"].Nodes), len(healthy["contacts"].Nodes))
	}
}

// An ID that a client has from a time when a source was away finds the same person ever after.
func TestIDsOutliveAnOutage(t *testing.T) {
	t.Parallel()
	d := newBadDay(t, sandbox.Worksection, waysToFail["down"])
	d.breakIt(t)
	d.start(t)
	type person struct{ ID, Name string }
	var before, after struct{ User, Node *person }
	const byEmail = `{ user(by: { email: "zoe.muller@corvidlark.test" }) { id name } }`
	a := d.ask(t, byEmail, nil)
	a.Errors = nil // that Worksection is missing
	a.into(t, &before)
	d.mendIt(t)
	d.awaitHealth(t)
	d.ask(t, byEmail, nil).into(t, &after)
	if before.User == nil || after.User == nil || before.User.ID == after.User.ID {
		t.Fatalf("with and without Worksection she is %+v and %+v, want two IDs", after.User, before.User)
	}
	const byID = `query($id: ID!) { node(id: $id) { ... on User { id name } } user(by: { id: $id }) { id name } }`
	var again struct{ User, Node *person }
	d.ask(t, byID, vars{"id": before.User.ID}).into(t, &again)
	if diff := cmp.Diff([]*person{after.User, after.User}, []*person{again.Node, again.User}); diff != "" {
		t.Errorf("by the old ID (-want +got):\n%s", diff)
	}
	var entities struct {
		Entities []*person `json:"_entities"`
	}
	d.ask(t, `query($r: [_Any!]!) { _entities(representations: $r) { ... on User { id name } } }`,
		vars{"r": []any{vars{"__typename": "User", "id": before.User.ID}}}).into(t, &entities)
	if diff := cmp.Diff([]*person{after.User}, entities.Entities); diff != "" {
		t.Errorf("by the old ID as a key (-want +got):\n%s", diff)
	}
}

// A list that stops half-way is served as far as it came, called incomplete, and deletes nobody.
func TestHalfRead(t *testing.T) {
	t.Parallel()
	chat := system(t, sandbox.RocketChat, 300)
	second := faults.Fault{On: faults.Path("users.list?count=100&offset=99"), Effect: faults.Reply(502, faults.HTML(canary))}
	chat.Fault(sandbox.RocketChat).Set(second)
	p := serve(t, settingsOf(reading(sourceSettings(chat.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	if chat.Fault(sandbox.RocketChat).Hits() == 0 {
		t.Fatal("the second page was not asked for as this test expects it")
	}
	people := func() (n int, complete bool, errs []problem) {
		l, errs := look(t, p)
		return len(l["users"].Nodes), l["users"].Completeness.Complete, errs
	}
	incomplete := func(errs []problem) bool {
		return len(errs) == 1 && errs[0].Extensions.Code == "SOURCE_INCOMPLETE" && errs[0].Extensions.Source == "rocketchat" &&
			errs[0].Extensions.Reason == "UNAVAILABLE"
	}
	if n, complete, errs := people(); n != 100 || complete || !incomplete(errs) {
		t.Errorf("%d people, complete %t, errors %+v, want the hundred of the first page and an error", n, complete, errs)
	}
	chat.Fault(sandbox.RocketChat).Clear()
	var all int
	eventually(t, "all people have been read", func() (complete bool) {
		all, complete, _ = people()
		return complete
	})
	chat.Fault(sandbox.RocketChat).Set(second)
	eventually(t, "a reading has stopped half-way", func() bool {
		_, complete, _ := people()
		return !complete
	})
	if n, _, errs := people(); n != all || all <= 100 || !incomplete(errs) {
		t.Errorf("%d people, errors %+v, want all %d and an error", n, errs, all)
	}
}

// Who is there is unknown while the chat does not tell, which is no error: everything else is told.
func TestNoPresence(t *testing.T) {
	t.Parallel()
	chat, err := sandbox.StartOne(t.Context(), sandbox.RocketChat, sandbox.Options{People: sandbox.MinPeople, Seed: demoSeed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = chat.Close() })
	p := serve(t, settingsOf(sourceSettings(chat.Sources()[0])))
	p.awaitFirstReading(t)
	chat.Fault(sandbox.RocketChat).Set(faults.Fault{Effect: faults.Reply(500, faults.HTML(canary))})
	var data struct {
		Users struct {
			Nodes []struct {
				Name     string
				Presence *string
			}
		}
	}
	p.ask(t, `{ users { nodes { name presence } } }`, nil).into(t, &data)
	if len(data.Users.Nodes) != 20 {
		t.Fatalf("%d people, want a page of 20", len(data.Users.Nodes))
	}
	for _, u := range data.Users.Nodes {
		if u.Presence != nil {
			t.Errorf("%s is said to be %s", u.Name, *u.Presence)
		}
	}
}

// A proxy's refusal in the middle of a reading takes nobody out of their teams.
func TestRefusedHalfWay(t *testing.T) {
	t.Parallel()
	chat := system(t, sandbox.RocketChat, 100)
	p := serve(t, settingsOf(reading(sourceSettings(chat.Sources()[0]), "1s", "1s")))
	p.awaitFirstReading(t)
	healthy, _ := look(t, p)
	chat.Fault(sandbox.RocketChat).Set(faults.Fault{On: faults.Path("teams.members"), Effect: faults.Reply(403, faults.HTML(canary))})
	var l lists
	eventually(t, "the teams are seen to fail", func() bool {
		var errs []problem
		l, errs = look(t, p)
		return len(errs) > 0 || !l["teams"].Completeness.Complete || len(l["teams"].Completeness.Stale) > 0 || chat.Fault(sandbox.RocketChat).Hits() > 40
	})
	if diff := cmp.Diff(healthy.records(), l.records()); diff != "" {
		t.Errorf("the data (-before +after the refusal):\n%s", diff)
	}
}

// What a source lacks is told beside the errors, unless the configuration or the request wants it among them.
func TestSourceErrors(t *testing.T) {
	t.Parallel()
	chat := system(t, sandbox.RocketChat, 50)
	chat.Fault(sandbox.RocketChat).Set(faults.Fault{Effect: faults.Reply(502, faults.HTML(canary))})
	body := []byte(`{"query":"{ users(first: 1) { totalCount } }"}`)
	for _, setting := range []string{"", "extensions", "errors"} {
		settings := settingsOf(reading(sourceSettings(chat.Sources()[0]), "1s", "1s"))
		if setting != "" {
			settings["source_errors"] = setting
		}
		p := serve(t, settings)
		p.awaitFirstReading(t)
		for _, header := range []string{"", "extensions", "errors"} {
			var more []string
			if header != "" {
				more = []string{"X-Roster-Source-Errors", header}
			}
			a := p.send(t, http.MethodPost, "", "application/json", body, more...)
			var got struct {
				Errors     []problem
				Extensions struct{ Sources []problem }
			}
			if err := json.Unmarshal(a.Body, &got); err != nil {
				t.Fatal(err)
			}
			among, apart := 0, 1
			if header == "errors" || header == "" && setting == "errors" {
				among, apart = 1, 0
			}
			if len(got.Errors) != among || len(got.Extensions.Sources) != apart || a.Status != http.StatusOK || a.Errors[0].Extensions.Source != "rocketchat" {
				t.Errorf("the setting %q and the header %q: HTTP %d %s", setting, header, a.Status, a.Body)
			}
		}
		if a := p.send(t, http.MethodPost, "", "application/json", body, "X-Roster-Source-Errors", "none"); a.Status != http.StatusBadRequest {
			t.Errorf("a header that is none: HTTP %d %s", a.Status, a.Body)
		}
	}
}
