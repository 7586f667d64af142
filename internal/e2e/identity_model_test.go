package e2e_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"iter"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// seedOfEdits decides which edits the model makes, and where.
const seedOfEdits = 70

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

// held is an account, with what decides to whom it belongs.
type held struct{ id, source, address string }

// held lists all accounts that a server has. The address is empty if the source does not vouch for it.
func (p *program) held(t *testing.T) (all []held) {
	t.Helper()
	var data struct {
		Users struct {
			Nodes []struct {
				Accounts []struct {
					ID, Email, EmailTrust string
					Source                struct{ Name string }
				}
			}
		}
	}
	if err := p.read(t.Context(), `{ users(first: 100) { nodes { accounts { id email emailTrust source { name } } } } }`, &data); err != nil {
		t.Fatal(err)
	}
	for _, u := range data.Users.Nodes {
		for _, a := range u.Accounts {
			h := held{id: a.ID, source: a.Source.Name}
			if a.EmailTrust != "NONE" {
				h.address = strings.ToLower(a.Email)
			}
			all = append(all, h)
		}
	}
	return all
}

// draft is an edit that the model has drawn.
type draft struct {
	field    string
	input    map[string]any
	accounts []string
	from     []string // from which accounts[0] is split
}

// inPlace is an edit in force.
type inPlace struct {
	draft
	id string
}

// editModel makes edits at random, and knows which are in force and who should be one person.
type editModel struct {
	dice, servers *rand.Rand // servers decides who is asked, so that repeated requests change nothing else
	original      identities
	held          []held
	// states has the people by the edits in force: who is one person follows from them alone.
	states map[string]identities
	force  []inPlace
	made   map[string]int // edits, by field
	// uncertain counts the edits without an answer, or with the answer UNKNOWN, that were made.
	uncertain int
}

func newEditModel(t *testing.T, original identities, accounts []held) *editModel {
	t.Helper()
	m := &editModel{dice: rand.New(rand.NewPCG(seedOfEdits, 0)), servers: rand.New(rand.NewPCG(seedOfEdits, 1)), original: original, held: accounts,
		states: map[string]identities{"": original}, made: make(map[string]int)}
	m.check(t, original)
	return m
}

// draw returns an edit: a link of two accounts, a split of a person, or the undoing of an edit in force.
func (m *editModel) draw(now identities) draft {
	several := now.together()
	switch pick := m.dice.IntN(5); {
	case pick < 2 && len(m.force) > 1:
		return draft{field: "undoIdentity", input: map[string]any{"id": m.force[m.dice.IntN(len(m.force))].id}}
	case pick < 3 && len(several) > 0:
		of := several[m.dice.IntN(len(several))]
		account := of[m.dice.IntN(len(of))]
		others := slices.DeleteFunc(slices.Clone(of), func(id string) bool { return id == account })
		return draft{"splitAccount", map[string]any{"account": account}, []string{account}, others}
	}
	all := now.accounts()
	x, y := m.dice.IntN(len(all)), m.dice.IntN(len(all)-1)
	if y >= x {
		y++
	}
	return draft{field: "linkAccounts", input: map[string]any{"accounts": []string{all[x], all[y]}}, accounts: []string{all[x], all[y]}}
}

// done takes down an edit that was made.
func (m *editModel) done(d draft, e edited) {
	if e.Outcome != "DONE" {
		return
	}
	m.made[d.field]++
	if d.field == "undoIdentity" {
		m.force = slices.DeleteFunc(m.force, func(f inPlace) bool { return f.id == e.Edit.ID })
	} else {
		m.force = append(m.force, inPlace{d, e.Edit.ID})
	}
}

// ids lists the edits that are in force.
func (m *editModel) ids() (ids []string) {
	for _, f := range m.force {
		ids = append(ids, f.id)
	}
	slices.Sort(ids)
	return ids
}

// grouped has, for each account, the name of its group.
type grouped map[string]string

func (g grouped) join(x, y string) {
	from, to := g[x], g[y]
	for account, name := range g {
		if name == from {
			g[account] = to
		}
	}
}

// people says who should be one person by the edits in force. What is linked is one person. Accounts with one address are, too, unless two of them cannot be:
// they are of one source, or split, and not linked. If addresses together join such accounts, they do not count for any of that group.
func (m *editModel) people() []string {
	linked, apart := make(grouped), make(map[[2]string]bool)
	for _, h := range m.held {
		linked[h.id] = h.id
	}
	for _, f := range m.force {
		for _, from := range f.from {
			apart[[2]string{f.accounts[0], from}], apart[[2]string{from, f.accounts[0]}] = true, true
		}
		for i := 1; i < len(f.accounts); i++ {
			linked.join(f.accounts[0], f.accounts[i])
		}
	}
	differ := func(x, y held) bool {
		return linked[x.id] != linked[y.id] && (x.source == y.source || apart[[2]string{x.id, y.id}])
	}
	pairs := func(yield func(x, y held) bool) {
		for _, x := range m.held {
			for _, y := range m.held {
				if x.id < y.id && !yield(x, y) {
					return
				}
			}
		}
	}
	ambiguous := make(map[string]bool)
	for x, y := range pairs {
		if x.address == y.address && differ(x, y) {
			ambiguous[x.address] = true
		}
	}
	joined := maps.Clone(linked)
	for x, y := range pairs {
		if x.address == y.address && x.address != "" && !ambiguous[x.address] {
			joined.join(x.id, y.id)
		}
	}
	contradictory := make(map[string]bool)
	for x, y := range pairs {
		if joined[x.id] == joined[y.id] && differ(x, y) {
			contradictory[joined[x.id]] = true
		}
	}
	groups := make(map[string][]string)
	for id, name := range joined {
		if contradictory[name] {
			name = "linked " + linked[id]
		}
		groups[name] = append(groups[name], id)
	}
	return sortedGroups(maps.Values(groups))
}

// sortedGroups writes each group of accounts as one text, in an order that does not depend on anything else.
func sortedGroups(groups iter.Seq[[]string]) (all []string) {
	for accounts := range groups {
		all = append(all, strings.Join(slices.Sorted(slices.Values(accounts)), " "))
	}
	slices.Sort(all)
	return all
}

// check compares people with those who should be one person, and with those that the same edits gave before.
func (m *editModel) check(t *testing.T, now identities) {
	t.Helper()
	got := sortedGroups(func(yield func([]string) bool) {
		for _, accounts := range now {
			if !yield(strings.Fields(accounts)) {
				return
			}
		}
	})
	if diff := cmp.Diff(m.people(), got); diff != "" {
		t.Errorf("with the edits %+v, others are one person (-want +got):\n%s", m.force, diff)
	}
	key := strings.Join(m.ids(), " ")
	if before, known := m.states[key]; known && !maps.Equal(before, now) {
		t.Errorf("with the edits %q, people are another time not as they were:\n%v\n%v", key, before, now)
	}
	m.states[key] = now
}

// checkAll makes sure that the model has done something of each kind.
func (m *editModel) checkAll(t *testing.T) {
	t.Helper()
	for _, field := range []string{"linkAccounts", "splitAccount", "undoIdentity"} {
		if m.made[field] == 0 {
			t.Errorf("%s was never done: choose another seed", field)
		}
	}
	if m.uncertain == 0 {
		t.Error("no edit was made without an answer")
	}
}

// Links, splits and undoings, sent to any of three replicas, while replicas and Redis are killed and Redis comes back with older data: all replicas show the
// people that the edits in force say, and after all are undone everybody has their ID again. A kill meets an edit on its way to Redis, or after Redis has it.
func TestIdentityEditsOnReplicas(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	proxy := startEditProxy(t, redis.Addr)
	office, chat := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(sourceSettings(office.Sources()[0]), sourceSettings(chat.Sources()[0]))
	settings["redis"] = map[string]any{"url": "redis://" + proxy.addr + "/0", "dial_timeout": "10s"}
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
				if ids, err := set.server(i).inForce(t.Context()); err != nil || model != nil && !slices.Equal(ids, model.ids()) {
					return false
				}
				now = these
			}
			return true
		})
		return now
	}
	now := agree("at first")
	model = newEditModel(t, now, set.server(0).held(t))
	keys := 0
	next := func() draft {
		d := model.draw(now)
		keys++
		d.input["idempotencyKey"] = fmt.Sprint("edit ", keys)
		return d
	}
	// perform sends an edit until it is answered by something else than that edits are unavailable.
	perform := func(d draft) (e edited) {
		t.Helper()
		eventually(t, d.field+" has an outcome", func() bool {
			var err error
			e, err = set.server(model.servers.IntN(len(set.servers))).edit(t.Context(), d.field, d.input)
			return err == nil && e.code == "" && e.Outcome != "UNKNOWN"
		})
		model.done(d, e)
		return e
	}
	// meet sends edits to a server until one of them is on its way to Redis, where that happens to it. It returns that one, and its answer.
	meet := func(server int, share float64, answered bool, then func()) (met draft, e edited, err error) {
		t.Helper()
		eventually(t, "an edit is met", func() bool {
			m := &meeting{share: share, answered: answered, then: then, met: make(chan struct{})}
			proxy.meet(m)
			met = next()
			e, err = set.server(server).edit(t.Context(), met.field, met.input)
			proxy.meet(nil)
			select {
			case <-m.met:
				return true
			default: // it was refused or done already
				return false
			}
		})
		return met, e, err
	}
	// again sends an edit again that may have been made. Without an answer, it counts if it was made.
	again := func(d draft, e edited, err error, mustBeUncertain bool) {
		t.Helper()
		if uncertain := err != nil || e.Outcome == "UNKNOWN"; uncertain {
			model.uncertain++
		} else if mustBeUncertain {
			t.Errorf("%s was cut off from the answer of Redis, and its answer is %+v", d.field, e)
		}
		if e := perform(d); e.Outcome != "DONE" {
			t.Errorf("%s is sent again, and its outcome is %s", d.field, e.Outcome)
		}
	}
	kept := "" // the key of the edits
	acts := []func(){
		func() { // a replica is killed after Redis has its edit
			victim := model.servers.IntN(len(set.servers))
			p := set.server(victim)
			d, e, err := meet(victim, 1, true, func() { _ = p.cmd.Process.Kill(); <-p.exited })
			again(d, e, err, true)
			set.start(t, victim)
		},
		func() { // a replica is killed while it sends an edit
			victim := model.servers.IntN(len(set.servers))
			p := set.server(victim)
			d, e, err := meet(victim, model.dice.Float64(), false, func() { _ = p.cmd.Process.Kill(); <-p.exited })
			again(d, e, err, true)
			set.start(t, victim)
		},
		func() { // Redis is killed: an edit is refused, and made when it is back
			redis.Kill()
			d := next()
			if e, err := set.server(0).edit(t.Context(), d.field, maps.Clone(d.input)); err != nil || e.Outcome == "DONE" {
				t.Errorf("without Redis, an edit has the answer %+v, %v", e, err)
			}
			if these, err := set.server(1).identities(t.Context()); err != nil || !maps.Equal(these, now) {
				t.Errorf("without Redis, people are not as before: %v", err)
			}
			redis.Restart()
			perform(d)
		},
		func() { // Redis is killed after it has an edit, and before it says so
			d, e, err := meet(model.servers.IntN(len(set.servers)), 1, true, redis.Kill)
			redis.Restart()
			again(d, e, err, true)
		},
		func() { // Redis is killed while an edit is sent
			d, e, err := meet(model.servers.IntN(len(set.servers)), model.dice.Float64(), false, redis.Kill)
			redis.Restart()
			again(d, e, err, false)
		},
		func() { // the connection breaks while an edit is sent: it is sent again by the server
			d, e, err := meet(model.servers.IntN(len(set.servers)), model.dice.Float64(), false, nil)
			if err != nil || e.Outcome != "DONE" {
				t.Errorf("%s over a connection that broke has the answer %+v, %v", d.field, e, err)
			}
			model.done(d, e)
		},
		func() { // Redis comes back with what it had some edits ago
			redis.Must("COPY", kept+"-then", kept, "REPLACE")
			redis.Kill()
			redis.Restart()
			perform(next())
		},
		func() { // Redis comes back without anything
			redis.Must("FLUSHALL")
			redis.Kill()
			redis.Restart()
			perform(next())
		},
	}
	for round := range 2 * len(acts) {
		if round%2 == 0 {
			perform(next())
		} else {
			acts[round/2]()
		}
		if round == 4 {
			kept = redis.Key("identity:{edits}")
			redis.Must("COPY", kept, kept+"-then")
		}
		now = agree(fmt.Sprint("in round ", round))
		model.check(t, now)
	}
	for len(model.force) > 0 {
		id := model.force[model.dice.IntN(len(model.force))].id
		keys++
		perform(draft{field: "undoIdentity", input: map[string]any{"id": id, "idempotencyKey": fmt.Sprint("edit ", keys)}})
		now = agree("after an edit was undone")
		model.check(t, now)
	}
	if !maps.Equal(now, model.original) {
		t.Error("after all edits are undone, people are not as they were at first")
	}
	model.checkAll(t)
}

// A server with identity.dir is killed while it is asked for edits: after each start, every edit that was answered is there, people are as the edits in force
// say, and in the end everybody has their ID again.
func TestIdentityEditsAfterKill(t *testing.T) {
	t.Parallel()
	office, chat := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(sourceSettings(office.Sources()[0]), sourceSettings(chat.Sources()[0]))
	dir := t.TempDir()
	settings["identity"] = map[string]any{"dir": dir}
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
	model = newEditModel(t, now, set.server(0).held(t))
	look := func() {
		t.Helper()
		var err error
		if now, err = set.server(0).identities(t.Context()); err != nil {
			t.Fatal(err)
		}
		model.check(t, now)
	}
	for round := 0; round < 4 || model.uncertain == 0; round++ {
		if round == 40 {
			t.Fatal("no edit was killed between its storing and its answer")
		}
		for range model.dice.IntN(3) {
			d := model.draw(now)
			e, err := set.server(0).edit(t.Context(), d.field, d.input)
			if err != nil || e.code != "" || !e.Shown && e.Outcome == "DONE" {
				t.Fatalf("%s: %+v, %v", d.field, e, err)
			}
			model.done(d, e)
			look()
		}
		d := model.draw(now)
		d.input["idempotencyKey"] = fmt.Sprint("killed ", round)
		type answered struct {
			edited
			err error
		}
		answer, p, before := make(chan answered, 1), set.server(0), stored(t, dir)
		go func() {
			e, err := p.edit(context.WithoutCancel(t.Context()), d.field, d.input)
			answer <- answered{e, err}
		}()
		var got answered
		for waiting := true; waiting; {
			select {
			case got = <-answer: // it was refused or done already, or it was too fast
				waiting = false
			default:
				if waiting = slices.Equal(stored(t, dir), before); !waiting { // the edit is being stored, or has just been
					_ = p.cmd.Process.Kill()
					got = <-answer
				}
			}
		}
		_ = p.cmd.Process.Kill()
		<-p.exited
		begin()
		if got.err != nil || got.Outcome == "UNKNOWN" { // the same key says whether it was made, and makes it otherwise
			ids, err := set.server(0).inForce(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(ids, model.ids()) {
				model.uncertain++
			}
			got.edited, got.err = set.server(0).edit(t.Context(), d.field, d.input)
		}
		if got.err != nil || got.code != "" {
			t.Fatalf("%s: %+v", d.field, got)
		}
		model.done(d, got.edited)
		if ids, err := set.server(0).inForce(t.Context()); err != nil || !slices.Equal(ids, model.ids()) {
			t.Fatalf("in round %d the edits %q are in force, want %q (%v)", round, ids, model.ids(), err)
		}
		look()
	}
	for len(model.force) > 0 {
		d := draft{field: "undoIdentity", input: map[string]any{"id": model.force[0].id}}
		e, err := set.server(0).edit(t.Context(), d.field, d.input)
		if model.done(d, e); err != nil || e.Outcome != "DONE" {
			t.Fatalf("%+v, %v", e, err)
		}
	}
	if now, err := set.server(0).identities(t.Context()); err != nil || !maps.Equal(now, model.original) {
		t.Errorf("after all edits are undone, people are not as they were at first (%v)", err)
	}
	model.checkAll(t)
}

// stored lists the files of a directory, with their sizes and times.
func stored(t *testing.T, dir string) (files []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if errors.Is(err, fs.ErrNotExist) { // it has just been replaced
			return append(files, "gone "+entry.Name())
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, fmt.Sprint(entry.Name(), info.Size(), info.ModTime().UnixNano()))
	}
	return files
}
