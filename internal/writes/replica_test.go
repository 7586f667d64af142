package writes_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/internal/directory"
	"roster/internal/generation"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	rediswrites "roster/internal/redis/writes"
	"roster/internal/sandbox"
	"roster/internal/seal"
	"roster/internal/snapshot"
	"roster/internal/writes"
)

// replicaEnv turns the test's program into a replica that executes orders. Its value is a setup.
const replicaEnv = "ROSTER_TEST_WRITER"

type setup struct {
	Redis  string // its address
	Source string // the URL
	Key    string
	// DieAt is the step at which the process kills itself.
	DieAt string
	// LeaseFor is how long its locks last then; zero for the usual time, in which no process on a busy machine stands still.
	LeaseFor time.Duration
	// BuildFor is the least time to build a directory.
	BuildFor time.Duration

	redis *redistest.Server
}

// dying returns the setup of a process that dies at a step, and for whose locks the others need not wait long.
func (s setup) dying(step string) setup {
	s.DieAt, s.LeaseFor = step, 1500*time.Millisecond
	return s
}

// slowly is an overlay whose directories take long to build.
type slowly struct {
	*writes.Ledger
	by time.Duration
}

func (s slowly) Additions(source *connectors.Source, c connectors.Collection, snap *snapshot.Snapshot) (snapshot.Records, string) {
	more, version := s.Ledger.Additions(source, c, snap)
	if c == connectors.Teams && version != "" {
		<-time.After(s.by)
	}
	return more, version
}

// order is a write for a replica, one in a line, and told is its result.
type order struct {
	Kind   string
	Suffix string
	Key    *string
	Times  int // at the same time; 0 for once
	// Look only checks whether the directory shows these teams.
	Look []string
}

type told struct {
	Results []writes.Result
	Errs    []string
	Shown   bool     // the directory shows the first result's record
	Missing []string // of the teams in Look
	Log     string
}

// subscribed is a kind of write too: the suffix is the task.
const subscribed = "subscribed"

func (s *setup) open() (*world, func(), error) {
	store, err := redis.Open(redis.Options{URL: "redis://" + s.Redis, Key: []byte(strings.Repeat("k", seal.KeySize))})
	if err != nil {
		return nil, nil, err
	}
	settings, err := connectors.KindNamed(sandbox.Worksection).SettingsFrom(map[string]any{"api_key": s.Key})
	if err != nil {
		return nil, nil, err
	}
	src, err := registry.Open(connectors.Config{Name: "ws", Kind: sandbox.Worksection, URL: s.Source, Settings: settings,
		RateLimit: &connectors.RateLimit{}, Retries: new(0)})
	if err != nil {
		return nil, nil, err
	}
	w := &world{log: new(strings.Builder)}
	log := slog.New(slog.NewTextHandler(w.log, nil))
	w.keeper = snapshot.New(snapshot.Options{Sources: []*connectors.Source{src}, SharedStore: snapshots.New(store), Settings: map[snapshot.Key]snapshot.Settings{
		{Source: "ws", Collection: connectors.Accounts}: quick, {Source: "ws", Collection: connectors.Teams}: quick,
		{Source: "ws", Collection: connectors.Contacts}: quick, {Source: "ws", Collection: connectors.ContactFolders}: quick,
	}})
	w.ledger = writes.NewLedger(writes.LedgerOptions{Shared: rediswrites.New(store), LeaseFor: s.LeaseFor, Logger: log})
	w.roster = generation.New(generation.Options{Keeper: w.keeper, Sources: []generation.Source{{Source: src}}, Overlay: slowly{w.ledger, s.BuildFor}})
	w.writer = writes.New(writes.Options{Keeper: w.keeper, Publisher: w.roster, Ledger: w.ledger, SettleAfter: 300 * time.Millisecond,
		Audit: log})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { _ = store.Run(ctx) })
	running.Go(func() { _ = w.keeper.Run(ctx) })
	running.Go(func() { _ = w.roster.Run(ctx) })
	running.Go(func() { w.ledger.Run(ctx) })
	w.ledger.AwaitFirst(ctx)
	w.roster.AwaitFirst(ctx)
	return w, func() {
		w.writer.Close()
		cancel()
		running.Wait()
		_ = store.Close()
	}, nil
}

var quick = snapshot.Settings{FreshFor: time.Minute, MinInterval: 100 * time.Millisecond}

// execute executes an order.
func (w *world) execute(ctx context.Context, o order) (t told) {
	if o.Look != nil {
		for _, id := range o.Look {
			if w.directory().TeamOf(connectors.Ref{Source: "ws", ID: id}) == nil {
				t.Missing = append(t.Missing, id)
			}
		}
		return t
	}
	w.suffix = o.Suffix
	var mu sync.Mutex
	var writing sync.WaitGroup
	for range max(1, o.Times) {
		writing.Go(func() {
			res, err := w.write(ctx, o)
			mu.Lock()
			defer mu.Unlock()
			t.Results = append(t.Results, res)
			if err != nil {
				t.Errs = append(t.Errs, err.Error())
			}
		})
	}
	writing.Wait()
	if o.Kind != subscribed {
		t.Shown = t.Results[0].Ref != nil && kinds[o.Kind].shows(w.directory(), *t.Results[0].Ref)
	}
	t.Log = w.log.String()
	return t
}

func (w *world) write(ctx context.Context, o order) (writes.Result, error) {
	r := writes.Request{Source: "ws", Key: o.Key}
	if o.Kind == subscribed {
		d := w.directory()
		user := d.UserByAccount(connectors.Ref{Source: "ws", ID: firstAccount(w.keeper)})
		res, _, err := w.writer.SubscribeToTask(ctx, r, writes.Subscribe{TaskID: o.Suffix,
			User: func(*directory.Directory) (*directory.User, error) { return user, nil }})
		return res, err
	}
	return kinds[o.Kind].do(ctx, w, r)
}

func firstAccount(k *snapshot.Keeper) string {
	for _, res := range k.Current() {
		if res.Status.Collection == connectors.Accounts && res.Snapshot != nil {
			for _, a := range res.Snapshot.Records.Accounts {
				if len(a.Emails) == 1 && !a.Emails[0].Synthetic {
					return a.ID
				}
			}
		}
	}
	return ""
}

// replica is the other process's main function.
func replica() int {
	var s setup
	if json.Unmarshal([]byte(os.Getenv(replicaEnv)), &s) != nil {
		return 1
	}
	w, stop, err := s.open()
	if err != nil {
		return 1
	}
	defer stop()
	ctx := context.Background()
	if s.DieAt != "" {
		ctx = writes.WithSteps(ctx, func(step string) {
			if step == s.DieAt {
				if p, err := os.FindProcess(os.Getpid()); err == nil {
					_ = p.Kill()
				}
				select {} // until it is killed
			}
		})
	}
	for lines := bufio.NewScanner(os.Stdin); lines.Scan(); {
		var o order
		if json.Unmarshal(lines.Bytes(), &o) != nil {
			return 1
		}
		b, err := json.Marshal(w.execute(ctx, o))
		if err != nil {
			return 1
		}
		fmt.Fprintln(os.Stdout, string(b))
	}
	return 0
}

// process is a replica in a process of its own.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T, s setup) *process {
	t.Helper()
	text, err := json.Marshal(s)
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	cmd.Env = append(os.Environ(), replicaEnv+"="+string(text))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t, cmd, in, bufio.NewScanner(out)}
	p.out.Buffer(nil, 1<<22)
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return p
}

func (p *process) order(o order) {
	p.t.Helper()
	b, err := json.Marshal(o)
	if err == nil {
		_, err = p.in.Write(append(b, '\n'))
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// answer returns false if the process has died.
func (p *process) answer() (t told, alive bool) {
	p.t.Helper()
	if !p.out.Scan() {
		return told{}, false
	}
	if err := json.Unmarshal(p.out.Bytes(), &t); err != nil {
		p.t.Fatal(err)
	}
	return t, true
}

func (p *process) does(o order) told {
	p.t.Helper()
	p.order(o)
	t, alive := p.answer()
	if !alive {
		p.t.Fatal("the process has died")
	}
	return t
}

// company is Worksection with a task. The source creates a duplicate if it is asked for the same thing twice.
func company(t *testing.T) (*sandbox.Sandbox, setup) {
	t.Helper()
	s, err := sandbox.StartOne(t.Context(), sandbox.Worksection, sandbox.Options{People: sandbox.MinPeople})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	s.MakeDuplicates()
	cfg := s.Sources()[0]
	redis := redistest.Start(t, "--appendonly", "yes")
	return s, setup{redis: redis, Redis: redis.Addr, Source: cfg.URL, Key: fmt.Sprint(sandbox.Credentials(sandbox.Worksection)["api_key"])}
}

// A hundred callers of three replicas create one team between them, and all get the same answer.
func TestManyMakeOne(t *testing.T) {
	t.Parallel()
	for name, key := range map[string]*string{"without a key": nil, "with one": new("k")} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, setup := company(t)
			s.Lag(time.Minute)
			var ps []*process
			for range 3 {
				ps = append(ps, start(t, setup))
			}
			for i, p := range ps {
				p.order(order{Kind: "createTeam", Key: key, Times: []int{33, 33, 34}[i]})
			}
			outcomes, ids := make(map[writes.Outcome]int), make(map[string]int)
			for _, p := range ps {
				said, _ := p.answer()
				if len(said.Errs) > 0 || !said.Shown {
					t.Errorf("errors %v; the directory shows it: %t", said.Errs, said.Shown)
				}
				for _, r := range said.Results {
					outcomes[r.Outcome]++
					if r.Ref != nil {
						ids[r.Ref.ID]++
					}
				}
			}
			want := map[writes.Outcome]int{writes.Done: 1, writes.AlreadyDone: 99}
			if key != nil {
				want = map[writes.Outcome]int{writes.Done: 100}
			}
			if len(ids) != 1 || fmt.Sprint(outcomes) != fmt.Sprint(want) || s.Held("New team") != 1 {
				t.Errorf("outcomes %v, IDs %v, and the source holds %d", outcomes, ids, s.Held("New team"))
			}
		})
	}
}

// trouble is a fault at one step of a write: the process is killed, or the connection to the source is cut.
type trouble struct {
	name, dieAt string
	cut         bool
	after       bool // the source has executed the call
}

// Whatever fails at whichever step of a write: the next caller, on another replica, gets the one record that exists.
func TestTroubleAnywhere(t *testing.T) {
	t.Parallel()
	troubles := []trouble{{name: "cut before", cut: true}, {name: "cut after", cut: true, after: true}}
	for _, step := range []string{"locked", "noted", "sent", "shown", "settled", "answered", "closed"} {
		troubles = append(troubles, trouble{name: "killed at " + step, dieAt: step})
	}
	for _, kind := range kindNames() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, base := company(t)
			other := start(t, base)
			for i, tr := range troubles {
				for _, key := range []*string{nil, new(fmt.Sprint("key", i))} {
					o := order{Kind: kind, Key: key, Suffix: fmt.Sprint(2*i + one(key != nil))}
					said := tr.writeDuring(t, s, base, o)
					again := other.does(o).Results[0]
					third := other.does(o).Results[0]
					where := fmt.Sprintf("%s, with a key: %t", tr.name, key != nil)
					if again.Ref == nil || third.Ref == nil || *again.Ref != *third.Ref {
						t.Fatalf("%s: %+v, again %+v, then %+v", where, said, again, third)
					}
					if key != nil && (again.Outcome != writes.Done || third.Outcome != writes.Done) {
						t.Errorf("%s: %s, then %s", where, again.Outcome, third.Outcome)
					}
					if n := s.Held(nameOf(kind, o.Suffix)); n != 1 {
						t.Errorf("%s: the source holds %d", where, n)
					}
				}
			}
		})
	}
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// actions are the vendor's names for the kinds of writes.
var actions = map[string]string{
	"inviteUser": "add_user", "createTeam": "add_user_group", "createContact": "add_contact", "createContactFolder": "add_contact_group", subscribed: "subscribe",
}

// writeDuring has a replica write while the fault happens.
func (tr trouble) writeDuring(t *testing.T, s *sandbox.Sandbox, base setup, o order) []writes.Result {
	t.Helper()
	if tr.cut {
		s.Cut(actions[o.Kind], tr.after)
	}
	if tr.dieAt != "" {
		base = base.dying(tr.dieAt)
	}
	p := start(t, base)
	p.order(o)
	said, alive := p.answer()
	if alive != tr.cut {
		t.Fatalf("%s: alive: %t", tr.name, alive)
	}
	if !alive {
		base.redis.Must("DEL", "roster:replicas") // another test covers how long writes wait for dead replicas
	}
	for _, r := range said.Results {
		if r.Outcome == writes.Done && s.Held(nameOf(o.Kind, o.Suffix)) != 1 || r.Outcome == writes.Rejected && tr.after {
			t.Errorf("%s: it says %+v", tr.name, r)
		}
	}
	return said.Results
}

// A subscription stores no intent, because a repetition does no harm.
func TestTroubleWithSubscriptions(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	other := start(t, base)
	for i, tr := range []trouble{{name: "cut before", cut: true}, {name: "cut after", cut: true, after: true}, {name: "killed at noted", dieAt: "noted"}, {name: "killed at sent", dieAt: "sent"}} {
		o := order{Kind: subscribed, Suffix: fmt.Sprint(70 + i)}
		s.AddTask(o.Suffix)
		if tr.cut {
			s.Cut(actions[o.Kind], tr.after)
		}
		p := start(t, base.dying(tr.dieAt))
		p.order(o)
		if said, alive := p.answer(); alive && said.Results[0].Outcome != writes.Done {
			t.Errorf("%s: %+v", tr.name, said)
		}
		if again := other.does(o).Results[0]; again.Outcome != writes.Done && again.Outcome != writes.AlreadyDone {
			t.Errorf("%s: again %+v", tr.name, again)
		}
	}
}

// What one replica creates, the others show while the source's own list does not, with the ID that the list has later.
func TestOthersShowIt(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	s.Lag(time.Hour)
	one, other := start(t, base), start(t, base)
	for _, kind := range kindNames() {
		made := one.does(order{Kind: kind})
		seen := other.does(order{Kind: kind})
		if made.Results[0].Outcome != writes.Done || seen.Results[0].Outcome != writes.AlreadyDone || !seen.Shown || *made.Results[0].Ref != *seen.Results[0].Ref {
			t.Errorf("%s: one %+v, the other %+v, which shows it: %t", kind, made.Results, seen.Results, seen.Shown)
		}
	}
}

// Without Redis it is unknown which other replica is writing: nothing is sent.
func TestRedisIsAway(t *testing.T) {
	t.Parallel()
	s, base := company(t)
	redis := redistest.Start(t, "--appendonly", "yes")
	base.Redis = redis.Addr
	p := start(t, base)
	p.does(order{Kind: "createTeam", Suffix: "1"})
	redis.Kill()
	said := p.does(order{Kind: "createTeam", Suffix: "2", Key: new("k")})
	if len(said.Errs) != 1 || s.Held("New team 2") != 0 || !strings.HasPrefix(said.Errs[0], writes.ErrUnavailable.Error()) {
		t.Errorf("%+v, and the source holds %d", said, s.Held("New team 2"))
	}
	redis.Restart()
	redistest.Await(t, func() bool {
		said = p.does(order{Kind: "createTeam", Suffix: "2", Key: new("k")})
		return len(said.Errs) == 0
	}, "writing is possible again")
	if again := p.does(order{Kind: "createTeam", Suffix: "1"}).Results[0]; again.Outcome != writes.AlreadyDone || s.Held("New team 2") != 1 {
		t.Errorf("what was made before: %+v", again)
	}
}

// A replica that has stored an intent loses Redis for so long that its lock expires. Another replica, which still has Redis, creates the thing
// meanwhile. The first replica's call is not sent any more.
func TestRedisIsLostBeforeTheCallIsSent(t *testing.T) {
	t.Parallel()
	for _, kind := range kindNames() {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s, set := company(t)
			way := redistest.NewProxy("127.0.0.1:0", set.Redis)
			if err := way.Start(); err != nil {
				t.Fatal(err)
			}
			t.Cleanup(way.Stop)
			cut := set
			cut.Redis, cut.LeaseFor = way.Listen, 500*time.Millisecond
			one, stopOne, err := cut.open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stopOne)
			other, stopOther, err := set.open()
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(stopOther)
			var theirs writes.Result
			ctx := writes.WithSteps(t.Context(), func(step string) {
				if step != "noted" {
					return
				}
				way.Stop()
				redistest.Await(t, func() bool { // on a busy machine, the lock may outlast the time of one call
					theirs, err = kinds[kind].do(t.Context(), other, writes.Request{Source: "ws"})
					return err == nil && theirs.Ref != nil
				}, "the other has created it")
			})
			if res, err := kinds[kind].do(ctx, one, writes.Request{Source: "ws", Key: new("k")}); !errors.Is(err, writes.ErrUnavailable) {
				t.Errorf("%+v, %v, want an error that says that nothing was sent", res, err)
			}
			if n := s.Held(nameOf(kind, "")); n != 1 {
				t.Errorf("the source has %d, want the other's", n)
			}
			if err := way.Start(); err != nil {
				t.Fatal(err)
			}
			var res writes.Result
			redistest.Await(t, func() bool {
				res, err = kinds[kind].do(t.Context(), one, writes.Request{Source: "ws", Key: new("k")})
				return err == nil
			}, "Redis is back")
			if res.Ref == nil || *res.Ref != *theirs.Ref || s.Held(nameOf(kind, "")) != 1 {
				t.Errorf("afterwards %+v, want what the other made", res)
			}
		})
	}
}
