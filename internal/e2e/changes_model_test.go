package e2e_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/url"
	"sync"
	"testing"
	"time"

	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

const (
	// roundsOfChanges is the number of rounds of the model, and seedOfChanges decides what happens in them.
	roundsOfChanges = 6 // as many as there are acts
	seedOfChanges   = 62
	// mostResets is the number of resets in a round in which Redis was killed: one for each source.
	mostResets = 2
)

// replicaSet is servers that are killed and started again.
type replicaSet struct {
	settings map[string]any

	mu      sync.Mutex
	servers []*program
}

func (s *replicaSet) server(i int) *program {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.servers[i]
}

// start starts a server in a place, and waits until it answers.
func (s *replicaSet) start(t *testing.T, i int) {
	t.Helper()
	p, err := launch("serve", "--config", configFile(t, s.settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = p.cmd.Process.Kill()
		<-p.exited
		discreet(t, "the log", p.log.String())
	})
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.servers[i] = p
}

// read reads data of a server that can be killed.
func (p *program) read(ctx context.Context, query string, into any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/graphql?query="+url.QueryEscape(query), nil)
	if err != nil {
		return err
	}
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	return json.NewDecoder(resp.Body).Decode(&struct{ Data any }{into})
}

// people returns the people of a server by their IDs, and a cursor at that state.
func (p *program) people(ctx context.Context) (names map[string]string, cursor string, err error) {
	var data struct {
		ChangeCursor string
		Users        struct{ Nodes []struct{ ID, Name string } }
	}
	err = p.read(ctx, `{ changeCursor users(first: 100) { nodes { id name } } }`, &data)
	names = make(map[string]string)
	for _, u := range data.Users.Nodes {
		names[u.ID] = u.Name
	}
	return names, data.ChangeCursor, err
}

// person returns the name of a person; empty if there is none with this ID.
func (p *program) person(ctx context.Context, id string) (string, error) {
	var data struct{ Node *struct{ Name string } }
	err := p.read(ctx, fmt.Sprintf(`{ node(id: %q) { ... on User { name } } }`, id), &data)
	if err != nil || data.Node == nil {
		return "", err
	}
	return data.Node.Name, nil
}

// follower keeps a copy of the people by the changes alone. After each interruption it goes on at some server with its last cursor.
type follower struct {
	servers *replicaSet
	dice    *rand.Rand // of its goroutine

	mu     sync.Mutex
	cursor string
	people map[string]string
	fault  string // why it cannot go on
	resets int    // how often it was told to read everything anew
}

// follow follows until ctx ends, or until a change was lost.
func (f *follower) follow(ctx context.Context) {
	again := time.NewTicker(20 * time.Millisecond) // a server that is down refuses at once
	defer again.Stop()
	for ; ctx.Err() == nil && f.state().fault == ""; <-again.C {
		f.once(ctx, f.servers.server(f.dice.IntN(len(f.servers.servers))))
	}
}

// followed is the copy at one moment.
type followed struct {
	cursor, fault string
	people        map[string]string
	resets        int
}

func (f *follower) state() followed {
	f.mu.Lock()
	defer f.mu.Unlock()
	return followed{f.cursor, f.fault, maps.Clone(f.people), f.resets}
}

func (f *follower) fail(format string, args ...any) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.fault = fmt.Sprintf(format, args...)
}

// once follows one server until the stream ends.
func (f *follower) once(ctx context.Context, p *program) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+"/changes?kinds=USER", nil)
	if err != nil {
		f.fail("%v", err)
		return
	}
	req.Header.Set("Last-Event-ID", f.state().cursor)
	resp, err := client.Do(req)
	if err != nil {
		return // the server was killed
	}
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusGone {
		f.fail("the cursor %s has expired", f.state().cursor)
		return
	}
	stream := &changeStream{lines: bufio.NewScanner(resp.Body)}
	for {
		event, data, ok := stream.next()
		switch {
		case !ok:
			return
		case event == "change" && !f.apply(ctx, p, data):
			return
		case event == "problem" && codeOf(data) != "CHANGES_UNAVAILABLE":
			f.fail("%s", data)
			return
		}
	}
}

func codeOf(data string) string {
	var answer struct{ Errors []problem }
	if json.Unmarshal([]byte(data), &answer) != nil || len(answer.Errors) == 0 {
		return ""
	}
	return answer.Errors[0].Extensions.Code
}

// apply applies one change to the copy, and reads what the documentation says. It returns false if that fails: then the change comes again.
func (f *follower) apply(ctx context.Context, p *program, data string) bool {
	var change struct {
		Cursor, Kind, Action, ID, RelatedID string
		Reset                               bool
	}
	if err := json.Unmarshal([]byte(data), &change); err != nil {
		f.fail("%s: %v", data, err)
		return false
	}
	var anew map[string]string
	var name string
	var err error
	current := change.ID
	if change.Action == "MERGED" {
		current = change.RelatedID
	}
	switch {
	case change.Reset:
		anew, _, err = p.people(ctx)
	case change.Kind == "USER" && change.Action != "REMOVED":
		name, err = p.person(ctx, current)
	}
	if err != nil {
		return false
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case change.Reset:
		f.people = anew
		f.resets++
	case change.Kind == "USER":
		delete(f.people, change.ID)
		if name != "" {
			f.people[current] = name
		}
	}
	f.cursor = change.Cursor
	return true
}

// Whoever follows the changes has the same people as the servers, whatever is killed: by the changes alone, at any of the replicas, from any cursor on.
func TestChangesLeadToTheState(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
	office, chat := system(t, sandbox.Worksection, smallCompany), system(t, sandbox.RocketChat, smallCompany)
	settings := settingsOf(reading(sourceSettings(office.Sources()[0]), "1s", "1s"), reading(sourceSettings(chat.Sources()[0]), "1s", "1s"))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	set := &replicaSet{settings: settings, servers: make([]*program, 3)}
	for i := range set.servers {
		set.start(t, i)
	}
	dice := rand.New(rand.NewPCG(seedOfChanges, 0))
	marker := ""
	// agree waits until all servers show the last change, and the same people. It returns them with a cursor.
	agree := func() (names map[string]string, cursor string) {
		t.Helper()
		eventually(t, "all servers show "+marker, func() bool {
			for i := range set.servers {
				these, c, err := set.server(i).people(t.Context())
				if err != nil || len(these) == 0 || !hasName(these, marker) || i > 0 && !maps.Equal(these, names) {
					return false
				}
				names, cursor = these, c
			}
			return true
		})
		return names, cursor
	}
	for i := range set.servers {
		set.server(i).awaitFirstReading(t)
	}
	var people map[string]string
	f := &follower{servers: set, dice: rand.New(rand.NewPCG(seedOfChanges, 1))}
	eventually(t, "there is a log", func() bool {
		people, f.cursor = agree()
		_, status := set.server(0).changes(t, "", f.cursor)
		return status == http.StatusOK
	})
	f.people = people
	ctx, cancel := context.WithCancel(t.Context())
	var following sync.WaitGroup
	defer following.Wait()
	defer cancel()
	following.Go(func() { f.follow(ctx) })

	// A cursor can be from before the first changes, which say that the sources are there. They are no part of the rounds.
	marker = "Beginning"
	office.Stir(rand.New(rand.NewPCG(seedOfChanges, 0)), marker)
	want, _ := agree()
	eventually(t, "the follower has the people of the beginning", func() bool {
		s := f.state()
		return s.fault != "" || maps.Equal(s.people, want)
	})
	states := []followed{f.state()}
	before := make([]int, roundsOfChanges+1) // how many resets there were
	mayReset := make([]bool, roundsOfChanges)
	acts := []int{0, 0, 1, 1, 2, 3} // each of what can happen
	dice.Shuffle(len(acts), func(i, j int) { acts[i], acts[j] = acts[j], acts[i] })
	for round := range roundsOfChanges {
		before[round] = f.state().resets
		marker = fmt.Sprintf("Round%d", round)
		office.Stir(dice, marker)
		victim := dice.IntN(len(set.servers))
		switch acts[round] {
		case 0:
			p := set.server(victim)
			_ = p.cmd.Process.Kill()
			<-p.exited
			set.start(t, victim)
		case 1:
			if err := set.server(victim).stop(); err != nil {
				t.Error(err)
			}
			set.start(t, victim)
		case 2:
			redis.Kill()
			redis.Restart()
			// Each replica fetches on its own meanwhile, and the next writer may not know what the last one had.
			mayReset[round] = true
		}
		want, _ := agree()
		eventually(t, fmt.Sprintf("the follower has the people of round %d", round), func() bool {
			s := f.state()
			return s.fault != "" || maps.Equal(s.people, want)
		})
		states = append(states, f.state())
		if s := f.state(); s.fault != "" {
			t.Fatalf("round %d: %s", round, s.fault)
		}
	}
	want, _ = agree()
	for i, from := range states {
		again := &follower{servers: set, dice: rand.New(rand.NewPCG(seedOfChanges, uint64(2+i))), cursor: from.cursor, people: from.people}
		following.Go(func() { again.follow(ctx) })
		eventually(t, fmt.Sprintf("the changes since round %d lead to the people of now", i), func() bool {
			s := again.state()
			return s.fault != "" || maps.Equal(s.people, want)
		})
		if s := again.state(); s.fault != "" {
			t.Errorf("from round %d: %s", i, s.fault)
		}
	}
	before[roundsOfChanges] = f.state().resets
	for round, may := range mayReset {
		if n := before[round+1] - before[round]; n > 0 && !may || n > mostResets {
			t.Errorf("everything was read anew %d times in round %d: the changes say too little", n, round)
		}
	}
}

// hasName reports whether somebody's name begins with a word.
func hasName(people map[string]string, word string) bool {
	if word == "" {
		return true
	}
	for _, name := range people {
		if len(name) > len(word) && name[:len(word)+1] == word+" " {
			return true
		}
	}
	return false
}
