package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"testing"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

const (
	// editRounds is the number of edits of the model, and seedOfEdits decides which ones, where, and what is killed meanwhile.
	editRounds  = 12 // one of three has one of the four acts
	seedOfEdits = 70
)

// identities says who is one person: the ID of each person, with the IDs of their accounts.
type identities map[string]string

// identities returns those that a server shows.
func (p *program) identities(ctx context.Context) (identities, error) {
	var data struct {
		Users struct {
			Nodes []struct {
				ID       string
				Accounts []struct{ ID string }
			}
		}
	}
	err := p.read(ctx, `{ users(first: 100) { nodes { id accounts { id } } } }`, &data)
	out := make(identities)
	for _, u := range data.Users.Nodes {
		var accounts []string
		for _, a := range u.Accounts {
			accounts = append(accounts, a.ID)
		}
		out[u.ID] = strings.Join(accounts, " ")
	}
	return out, err
}

// accounts lists the IDs of all accounts in their order.
func (s identities) accounts() (all []string) {
	for _, accounts := range s {
		all = append(all, strings.Fields(accounts)...)
	}
	slices.Sort(all)
	return all
}

// together lists the accounts of those people who have several, in their order.
func (s identities) together() (all [][]string) {
	for _, accounts := range s {
		if of := strings.Fields(accounts); len(of) > 1 {
			all = append(all, of)
		}
	}
	slices.SortFunc(all, slices.Compare)
	return all
}

// edited is the answer to an edit.
type edited struct {
	Outcome    string
	Edit       *struct{ ID string }
	Shown      bool
	UserErrors []struct{ Code, Message string }
	code       string // of an error of the whole field
}

// edit sends an edit to a server that can be killed. The error says that there is no answer.
func (p *program) edit(ctx context.Context, field string, input map[string]any) (edited, error) {
	input["reason"] = "a test"
	body, err := json.Marshal(map[string]any{"variables": map[string]any{"input": input}, "query": fmt.Sprintf(
		`mutation($input: %s!) { %s(input: $input) { outcome edit { id } shown userErrors { code message } } }`,
		strings.ToUpper(field[:1])+field[1:]+"Input", field)})
	if err != nil {
		return edited{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, p.url+"/graphql", bytes.NewReader(body))
	if err != nil {
		return edited{}, err
	}
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return edited{}, err
	}
	defer resp.Body.Close()
	var answer struct {
		Data   map[string]*edited
		Errors []problem
	}
	if err := json.NewDecoder(resp.Body).Decode(&answer); err != nil {
		return edited{}, err
	}
	if e := answer.Data[field]; e != nil {
		return *e, nil
	}
	if len(answer.Errors) == 0 {
		return edited{}, fmt.Errorf("%s: HTTP %d, and no answer", field, resp.StatusCode)
	}
	return edited{code: answer.Errors[0].Extensions.Code}, nil
}

// inForce lists the edits that are in force.
func (p *program) inForce(ctx context.Context) ([]string, error) {
	var data struct {
		IdentityEdits struct{ Nodes []struct{ ID string } }
	}
	err := p.read(ctx, `{ identityEdits(first: 100, filter: { inForce: true }) { nodes { id } } }`, &data)
	var ids []string
	for _, e := range data.IdentityEdits.Nodes {
		ids = append(ids, e.ID)
	}
	slices.Sort(ids)
	return ids, err
}

// editModel makes edits at random, and knows which are in force.
type editModel struct {
	dice     *rand.Rand
	original identities
	// states has the people by the edits in force: who is one person follows from them alone.
	states map[string]identities
	force  []string
}

func newEditModel(original identities) *editModel {
	return &editModel{dice: rand.New(rand.NewPCG(seedOfEdits, 0)), original: original, states: map[string]identities{"": original}}
}

// draw returns an edit: a link of two accounts, a split of a person, or the undoing of an edit in force.
func (m *editModel) draw(now identities) (field string, input map[string]any) {
	several := now.together()
	switch pick := m.dice.IntN(5); {
	case pick < 2 && len(m.force) > 1:
		return "undoIdentity", map[string]any{"id": m.force[m.dice.IntN(len(m.force))]}
	case pick < 3 && len(several) > 0:
		of := several[m.dice.IntN(len(several))]
		return "splitAccount", map[string]any{"account": of[m.dice.IntN(len(of))]}
	}
	all := now.accounts()
	x, y := m.dice.IntN(len(all)), m.dice.IntN(len(all)-1)
	if y >= x {
		y++
	}
	return "linkAccounts", map[string]any{"accounts": []string{all[x], all[y]}}
}

// done takes down an edit that was made.
func (m *editModel) done(field string, e edited) {
	if e.Outcome != "DONE" {
		return
	}
	if field == "undoIdentity" {
		m.force = slices.DeleteFunc(m.force, func(id string) bool { return id == e.Edit.ID })
	} else {
		m.force = append(m.force, e.Edit.ID)
	}
}

// check compares people with those that the same edits gave before.
func (m *editModel) check(t *testing.T, now identities) {
	t.Helper()
	key := strings.Join(slices.Sorted(slices.Values(m.force)), " ")
	if before, known := m.states[key]; known && !maps.Equal(before, now) {
		t.Errorf("with the edits %q, people are another time not as they were:\n%v\n%v", key, before, now)
	}
	m.states[key] = now
}

// Links, splits and undoings, sent to any of three replicas, while replicas and Redis are killed and Redis comes back with older data: all replicas show the
// same people, as the edits in force say, and after all are undone everybody has their ID again.
func TestIdentityEditsOnReplicas(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	office, chat := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(sourceSettings(office.Sources()[0]), sourceSettings(chat.Sources()[0]))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	set := &replicaSet{settings: settings, servers: make([]*program, 3)}
	for i := range set.servers {
		set.start(t, i)
	}
	for i := range set.servers {
		set.server(i).awaitFirstReading(t)
	}
	var model *editModel
	// agree waits until all servers have the edits that are in force, and show the same people.
	agree := func(when string) (now identities) {
		t.Helper()
		eventually(t, "all servers show the same people "+when, func() bool {
			for i := range set.servers {
				these, err := set.server(i).identities(t.Context())
				if err != nil || len(these) == 0 || i > 0 && !maps.Equal(these, now) {
					return false
				}
				if ids, err := set.server(i).inForce(t.Context()); err != nil || model != nil && !slices.Equal(ids, slices.Sorted(slices.Values(model.force))) {
					return false
				}
				now = these
			}
			return true
		})
		return now
	}
	model = newEditModel(agree("at first"))
	now := model.original
	// perform sends an edit until it is answered by something else than that edits are unavailable.
	perform := func(field string, input map[string]any) {
		t.Helper()
		input["idempotencyKey"] = fmt.Sprint(seedOfEdits, len(model.states), model.dice.Uint64())
		eventually(t, field+" has an outcome", func() bool {
			e, err := set.server(model.dice.IntN(len(set.servers))).edit(t.Context(), field, input)
			if err != nil || e.code != "" || e.Outcome == "UNKNOWN" {
				return false
			}
			model.done(field, e)
			return true
		})
	}
	kept := "" // the key of the edits of some rounds ago
	for round := range editRounds {
		field, input := model.draw(now)
		act := -1
		if round%3 == 2 {
			act = round / 3
		}
		switch act {
		case 0: // a replica is killed while it answers
			victim := model.dice.IntN(len(set.servers))
			killed := make(chan struct{})
			go func() {
				defer close(killed)
				_ = set.server(victim).cmd.Process.Kill()
			}()
			perform(field, input)
			<-killed
			<-set.server(victim).exited
			set.start(t, victim)
		case 1: // Redis is killed: an edit is refused, and made when it is back
			redis.Kill()
			if e, err := set.server(0).edit(t.Context(), field, maps.Clone(input)); err != nil || e.Outcome == "DONE" {
				t.Errorf("without Redis, an edit has the answer %+v, %v", e, err)
			}
			if these, err := set.server(1).identities(t.Context()); err != nil || !maps.Equal(these, now) {
				t.Errorf("without Redis, people are not as before: %v", err)
			}
			redis.Restart()
			perform(field, input)
		case 2: // Redis comes back with what it had some edits ago
			redis.Must("COPY", kept+"-then", kept, "REPLACE")
			redis.Kill()
			redis.Restart()
			perform(field, input)
		case 3: // Redis comes back without anything
			redis.Must("FLUSHALL")
			redis.Kill()
			redis.Restart()
			perform(field, input)
		default:
			perform(field, input)
		}
		if round == 3 {
			kept = redis.Key("identity:{edits}")
			redis.Must("COPY", kept, kept+"-then")
		}
		now = agree(fmt.Sprintf("in round %d, after %s", round, field))
		model.check(t, now)
	}
	for len(model.force) > 0 {
		id := model.force[model.dice.IntN(len(model.force))]
		perform("undoIdentity", map[string]any{"id": id})
		now = agree("after an edit was undone")
		model.check(t, now)
	}
	if !maps.Equal(now, model.original) {
		t.Error("after all edits are undone, people are not as they were at first")
	}
}

// A server with identity.dir is killed while it is asked for edits: after each start, every edit that was answered is there, people are as the edits in force
// say, and in the end everybody has their ID again.
func TestIdentityEditsAfterKill(t *testing.T) {
	t.Parallel()
	office, chat := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(sourceSettings(office.Sources()[0]), sourceSettings(chat.Sources()[0]))
	settings["identity"] = map[string]any{"dir": t.TempDir()}
	set := &replicaSet{settings: settings, servers: make([]*program, 1)}
	var model *editModel
	// begin starts the server, and returns the people that it shows.
	begin := func() (now identities) {
		t.Helper()
		set.start(t, 0)
		set.server(0).awaitFirstReading(t)
		now, err := set.server(0).identities(t.Context())
		if err != nil || len(now) == 0 {
			t.Fatalf("%d people, %v", len(now), err)
		}
		return now
	}
	now := begin()
	model = newEditModel(now)
	for round := range 4 {
		for range model.dice.IntN(3) {
			field, input := model.draw(now)
			e, err := set.server(0).edit(t.Context(), field, input)
			if err != nil || e.code != "" || !e.Shown && e.Outcome == "DONE" {
				t.Fatalf("%s: %+v, %v", field, e, err)
			}
			model.done(field, e)
			if now, err = set.server(0).identities(t.Context()); err != nil {
				t.Fatal(err)
			}
			model.check(t, now)
		}
		field, input := model.draw(now)
		input["idempotencyKey"] = fmt.Sprint("killed ", round)
		type answered struct {
			edited
			err error
		}
		answer, p := make(chan answered, 1), set.server(0)
		go func() {
			e, err := p.edit(context.WithoutCancel(t.Context()), field, input)
			answer <- answered{e, err}
		}()
		if round%2 == 0 { // while the edit is made, or before or after that; otherwise after it
			_ = p.cmd.Process.Kill()
		}
		got := <-answer
		_ = p.cmd.Process.Kill()
		<-p.exited
		begin()
		if got.err != nil || got.Outcome == "UNKNOWN" { // the same key says whether it was made, and makes it otherwise
			got.edited, got.err = set.server(0).edit(t.Context(), field, input)
		}
		if got.err != nil || got.code != "" {
			t.Fatalf("%s: %+v", field, got)
		}
		model.done(field, got.edited)
		ids, err := set.server(0).inForce(t.Context())
		if want := slices.Sorted(slices.Values(model.force)); err != nil || !slices.Equal(ids, want) {
			t.Fatalf("in round %d the edits %q are in force, want %q (%v)", round, ids, want, err)
		}
		if now, err = set.server(0).identities(t.Context()); err != nil {
			t.Fatal(err)
		}
		model.check(t, now)
	}
	for len(model.force) > 0 {
		e, err := set.server(0).edit(t.Context(), "undoIdentity", map[string]any{"id": model.force[0]})
		if model.done("undoIdentity", e); err != nil || e.Outcome != "DONE" {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	if now, err := set.server(0).identities(t.Context()); err != nil || !maps.Equal(now, model.original) {
		t.Errorf("after all edits are undone, people are not as they were at first (%v)", err)
	}
}
