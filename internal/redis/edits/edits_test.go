package edits_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/redis"
	redisedits "roster/internal/redis/edits"
	"roster/internal/redis/redistest"
	"roster/internal/seal"
	"roster/internal/writes"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, redistest.Leaks()...) }

// durable starts a Redis that keeps what it has confirmed.
func durable(t *testing.T) *redistest.Server {
	t.Helper()
	return redistest.Start(t, "--appendonly", "yes", "--appendfsync", "always")
}

// replica is what one replica has of the edits. It builds its directory whenever it is asked for it.
type replica struct {
	*edits.Editor
	edits  *edits.Edits
	store  *redisedits.Store
	client *redis.Client
}

func (r *replica) Directory() *directory.Directory {
	rules, _ := r.edits.Rules(directory.Rules{})
	return directory.Build(rules, company())
}

func (r *replica) AwaitEdits(_ context.Context, number uint64) bool {
	_, is := r.edits.Rules(directory.Rules{})
	return is >= number
}

// company is two people with accounts in three sources, by their addresses, and four accounts alone.
func company() []directory.SourceData {
	var data []directory.SourceData
	for _, name := range []string{"a", "b", "c"} {
		d := directory.SourceData{Name: name, Kind: "kommo"}
		for i, address := range []string{"u@x.example", "v@x.example", "", ""} {
			a := connectors.Account{ID: fmt.Sprint(i + 1), Active: true}
			if address != "" {
				a.Emails = []connectors.Email{{Address: address}}
			}
			d.Accounts = append(d.Accounts, a)
		}
		data = append(data, d)
	}
	return data
}

func join(t *testing.T, opt redis.Options) *replica {
	t.Helper()
	c := redistest.Open(t, opt)
	r := &replica{store: redisedits.New(c), client: c}
	r.edits = edits.New(edits.Options{Store: r.store})
	r.Editor = edits.NewEditor(edits.EditorOptions{Edits: r.edits, Publisher: r})
	redistest.Run(t, c)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { r.edits.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
	})
	if !r.edits.AwaitFirst(t.Context()) {
		t.Fatal("the edits were not read")
	}
	redistest.Connected(t, true, c)
	return r
}

func ids(texts ...string) []string {
	var out []string
	for _, text := range texts {
		source, id, _ := strings.Cut(text, "/")
		out = append(out, directory.AccountID(connectors.Ref{Source: source, ID: id}))
	}
	return out
}

func because(reason string) edits.Request {
	return edits.Request{Request: writes.Request{Caller: "ann", Method: "key"}, Reason: reason}
}

// people returns the ID and the accounts of each person.
func people(d *directory.Directory) []string {
	var out []string
	for _, u := range d.Everything().Users {
		text := u.ID
		for _, a := range u.Accounts {
			text += " " + a.Core().Ref().String()
		}
		out = append(out, text)
	}
	slices.Sort(out)
	return out
}

// An edit on one replica takes effect on the others within moments, by the notification.
func TestReplicasTakeEditsOver(t *testing.T) {
	t.Parallel()
	s := durable(t)
	opt := redistest.At(s)
	opt.Key = []byte(strings.Repeat("k", seal.KeySize))
	a, b := join(t, opt), join(t, opt)
	res, err := a.LinkAccounts(t.Context(), because("one person"), ids("a/3", "b/4"))
	if err != nil || res.Outcome != writes.Done || !res.Shown {
		t.Fatalf("%+v, %v", res, err)
	}
	redistest.Await(t, func() bool { return b.Edits().ByID(res.Edit.ID) != nil }, "the other replica has the edit")
	if diff := cmp.Diff(people(a.Directory()), people(b.Directory())); diff != "" {
		t.Errorf("people differ:\n%s", diff)
	}
	if stored := s.Must("GET", s.Key("identity:{edits}")); strings.Contains(stored, "one person") {
		t.Error("the reason is not encrypted")
	}
	if ttl := s.Must("PTTL", s.Key("identity:{edits}")); ttl != "-1" {
		t.Errorf("the edits expire in %s ms", ttl)
	}
	late := join(t, opt)
	if diff := cmp.Diff(people(a.Directory()), people(late.Directory())); diff != "" {
		t.Errorf("people of a replica that starts later differ:\n%s", diff)
	}
	opt.Key = []byte(strings.Repeat("x", seal.KeySize))
	other := join(t, opt)
	if _, err := other.LinkAccounts(t.Context(), because("x"), ids("a/3", "b/3")); !errors.Is(err, edits.ErrDamaged) {
		t.Errorf("with another encryption key: %v", err)
	}
}

// A value that has not changed is not transferred again.
func TestLoadOfKnownVersion(t *testing.T) {
	t.Parallel()
	r := join(t, redistest.At(durable(t)))
	if value, version, err := r.store.Load(t.Context(), ""); value != nil || version != "" || err != nil {
		t.Errorf("an empty Redis has %q, version %q, %v", value, version, err)
	}
	first, err := r.store.Save(t.Context(), "", []byte("one"))
	if err != nil {
		t.Fatal(err)
	}
	if again, err := r.store.Save(t.Context(), "", []byte("one")); err != nil || again != first {
		t.Errorf("the same value again, after a lost answer: %q, %v", again, err)
	}
	if value, version, err := r.store.Load(t.Context(), first); value != nil || version != first || err != nil {
		t.Errorf("the known version: %q, %q, %v", value, version, err)
	}
	if value, version, err := r.store.Load(t.Context(), "other"); string(value) != "one" || version != first || err != nil {
		t.Errorf("another version: %q, %q, %v", value, version, err)
	}
	if _, err := r.store.Save(t.Context(), "other", []byte("two")); !errors.Is(err, edits.ErrMoved) {
		t.Errorf("a save over another version: %v", err)
	}
}

// A Redis that may lose edits gets none, and the error says what to do.
func TestRedisThatIsNotDurable(t *testing.T) {
	t.Parallel()
	r := join(t, redistest.At(redistest.Start(t)))
	_, err := r.LinkAccounts(t.Context(), because("x"), ids("a/3", "b/3"))
	if e := new(edits.UnavailableError); !errors.As(err, &e) || !strings.Contains(e.Error(), "appendonly yes") {
		t.Errorf("%v", err)
	}
	if n := len(r.Edits().All()); n != 0 {
		t.Errorf("there are %d edits", n)
	}
}

// Three replicas link, split and undo while Redis is killed, restarted, or loses everything. An edit that was answered as done is never lost or undone, an
// edit that was refused has no effect, and in the end all replicas show the same people.
func TestReplicasWhileRedisIsKilled(t *testing.T) {
	t.Parallel()
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			rng, s := rand.New(rand.NewPCG(seed, 17)), durable(t)
			opt := redistest.At(s)
			var all []*replica
			for range 3 {
				all = append(all, join(t, opt))
			}
			w := &weather{t: t, server: s, replicas: all}
			made, undone, unknown := make(map[string]bool), make(map[string]bool), 0
			for step := range 40 {
				w.change(rng, step)
				r := all[rng.IntN(len(all))]
				var res edits.Result
				var err error
				accounts := ids(anyAccounts(rng)...)
				switch known := r.Edits().All(); rng.IntN(3) {
				case 0:
					res, err = r.LinkAccounts(t.Context(), because("link"), accounts)
				case 1:
					res, err = r.SplitAccount(t.Context(), because("split"), accounts[0], accounts[1:])
				case 2:
					if len(known) == 0 {
						continue
					}
					e := known[rng.IntN(len(known))]
					if res, err = r.Undo(t.Context(), because("undo"), e.ID); err == nil && res.Outcome == writes.Done {
						undone[e.ID] = true
					}
				}
				unavailable := new(edits.UnavailableError)
				switch {
				case err != nil && (!errors.As(err, &unavailable) || !w.down):
					t.Fatalf("seed %d, step %d, Redis down: %v: %v", seed, step, w.down, err)
				case err == nil && w.down:
					t.Errorf("seed %d, step %d: %+v while Redis is down", seed, step, res)
				case res.Outcome == writes.Unknown:
					unknown++
				case res.Outcome == writes.Done:
					made[res.Edit.ID] = true
				}
			}
			w.up()
			same := func() bool {
				return slices.Equal(people(all[0].Directory()), people(all[1].Directory())) && slices.Equal(people(all[0].Directory()), people(all[2].Directory())) &&
					len(all[0].Edits().All()) >= len(made)
			}
			for _, r := range all { // as they do every half minute, if the notification was lost
				redistest.Await(t, func() bool { return r.edits.Read(t.Context()) == nil }, "the edits can be read")
			}
			redistest.Await(t, same, "all replicas show the same people")
			for i, r := range all {
				if n := len(r.Edits().All()); n < len(made) || n > len(made)+unknown {
					t.Errorf("replica %d has %d edits, and %d were made", i, n, len(made))
				}
				for _, e := range r.Edits().All() {
					if unknown == 0 && (!made[e.ID] || undone[e.ID] != (e.Undone != nil)) {
						t.Errorf("replica %d: edit %s was made: %v, undone: %v; it is %+v", i, e.ID, made[e.ID], undone[e.ID], e)
					}
				}
			}
			if len(made) < 5 || len(undone) < 2 {
				t.Errorf("only %d edits were made, and %d undone", len(made), len(undone))
			}
		})
	}
}

func anyAccounts(rng *rand.Rand) []string {
	var out []string
	for len(out) < 2 {
		if a := fmt.Sprintf("%c/%d", 'a'+rng.IntN(3), 1+rng.IntN(4)); !slices.Contains(out, a) {
			out = append(out, a)
		}
	}
	return out
}

// weather is what happens to Redis.
type weather struct {
	t        *testing.T
	server   *redistest.Server
	replicas []*replica
	down     bool
}

func (w *weather) change(rng *rand.Rand, step int) {
	switch {
	case w.down && rng.IntN(3) == 0:
		w.up()
	case !w.down && step > 4 && rng.IntN(8) == 0:
		w.server.Kill()
		w.down = true
	case !w.down && rng.IntN(10) == 0: // as after a restore of an empty backup
		for _, r := range w.replicas { // an edit that only Redis has would be lost with it
			if err := r.edits.Read(w.t.Context()); err != nil {
				w.t.Fatal(err)
			}
		}
		w.server.Must("FLUSHALL")
	}
}

func (w *weather) up() {
	if !w.down {
		return
	}
	w.server.Restart()
	w.down = false
	for _, r := range w.replicas {
		redistest.Connected(w.t, true, r.client)
	}
}

// A replica that starts while Redis is away serves without edits, and takes them over when Redis is back.
func TestStartWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	s := durable(t)
	a := join(t, redistest.At(s))
	if res, err := a.LinkAccounts(t.Context(), because("x"), ids("a/3", "b/4")); err != nil || res.Outcome != writes.Done {
		t.Fatalf("%+v, %v", res, err)
	}
	s.Kill()
	c := redistest.Open(t, redistest.At(s))
	late := edits.New(edits.Options{Store: redisedits.New(c)})
	redistest.Run(t, c)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	var running sync.WaitGroup
	running.Go(func() { late.Run(ctx) })
	defer running.Wait()
	defer cancel()
	first, end := context.WithTimeout(t.Context(), 25*time.Second)
	defer end()
	if !late.AwaitFirst(first) {
		t.Fatal("it waits for Redis")
	}
	if n := len(late.Set().All()); n != 0 {
		t.Errorf("it has %d edits", n)
	}
	s.Restart()
	redistest.Await(t, func() bool { return len(late.Set().All()) == 1 }, "it has the edit")
}
