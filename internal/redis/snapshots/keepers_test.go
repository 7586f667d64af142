package snapshots_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

func TestColdReplicasReadEachCollectionOnce(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src := snapshottest.NewSource("a", snapshottest.Numbered(200)...)
	src.Takes = 200 * time.Millisecond
	var ks []*snapshot.Keeper
	for range 3 {
		k, _ := snapshottest.Keep(t, open(t, redistest.At(s)), nil, src.Open("f"))
		ks = append(ks, k)
	}
	var asking sync.WaitGroup
	for i := range 500 {
		asking.Go(func() {
			r := ks[i%3].Load(t.Context(), []snapshot.Key{snapshottest.Key("a", connectors.Accounts), snapshottest.Key("a", connectors.Teams)})
			for _, r := range r {
				if r.Status.State != snapshot.Fresh || r.Status.Count != 200 {
					t.Errorf("got %+v", r.Status)
				}
			}
		})
	}
	asking.Wait()
	if a, b := src.Count(connectors.Accounts), src.Count(connectors.Teams); a != 1 || b != 1 {
		t.Errorf("accounts were read %d times, teams %d times", a, b)
	}
	first := ks[0].Current()
	for _, k := range ks[1:] {
		for i, r := range k.Current() {
			if r.Snapshot.Version != first[i].Snapshot.Version {
				t.Error("replicas have different versions")
			}
			if diff := cmp.Diff(first[i].Snapshot.Records, r.Snapshot.Records); diff != "" {
				t.Errorf("replicas have different records:\n%s", diff)
			}
		}
	}
}

func TestWarmRedisServesWithoutReading(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src := snapshottest.NewSource("a", "1", "2")
	k, stop := snapshottest.Keep(t, open(t, redistest.At(s)), nil, src.Open("f"))
	snapshottest.Settled(t, "fresh[1 2]", "a", k)
	redistest.Await(t, func() bool { return src.Count(connectors.Teams) == 1 && k.Statuses()[1].State == snapshot.Fresh }, "teams")
	stop()
	fresh := snapshottest.NewSource("a", "3")
	k, _ = snapshottest.Keep(t, open(t, redistest.At(s)), nil, fresh.Open("f"))
	r := k.Load(t.Context(), []snapshot.Key{snapshottest.Key("a", connectors.Accounts), snapshottest.Key("a", connectors.Teams)})
	if r[0].Status.Count != 2 || r[1].Status.Count != 2 || len(fresh.Times()) != 0 {
		t.Errorf("got %d and %d records after %d readings", r[0].Status.Count, r[1].Status.Count, len(fresh.Times()))
	}
	if r[0].Status.SyncedAt.After(time.Now()) || r[0].Status.TriedAt.IsZero() {
		t.Errorf("got %+v", r[0].Status)
	}
	// Another credential never sees it.
	k, _ = snapshottest.Keep(t, open(t, redistest.At(s)), nil, fresh.Open("g"))
	if r := k.Load(t.Context(), []snapshot.Key{snapshottest.Key("a", connectors.Accounts)})[0]; r.Status.Count != 1 {
		t.Errorf("another credential got %d records", r.Status.Count)
	}
}

// Accounts that were stored for other custom fields are served at once, and fetched again. Those that were stored for the same ones are not.
func TestStoredAccountsKnowTheirCustomFields(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	key := snapshottest.Key("a", connectors.Accounts)
	run := func(fields string, ids ...string) (*snapshottest.Source, *snapshot.Keeper, func()) {
		src := snapshottest.NewSource("a", ids...)
		opened := src.Open("f")
		opened.AccountFields = fields
		k, stop := snapshottest.Keep(t, open(t, redistest.At(s)), func(o *snapshot.Options) {
			o.Settings = map[snapshot.Key]snapshot.Settings{key: {FreshFor: time.Hour, MinInterval: time.Millisecond}}
		}, opened)
		return src, k, stop
	}
	_, k, stop := run("one", "1")
	snapshottest.Settled(t, "fresh[1]", "a", k)
	stop()
	same, k, stop := run("one", "2")
	if r := k.Load(t.Context(), []snapshot.Key{key})[0]; r.Status.Count != 1 || r.Snapshot.Fields != "one" || same.Count(connectors.Accounts) != 0 {
		t.Errorf("with the same fields: %d accounts with %q after %d fetches", r.Status.Count, r.Snapshot.Fields, same.Count(connectors.Accounts))
	}
	stop()
	other, k, _ := run("two", "2")
	if r := k.Load(t.Context(), []snapshot.Key{key})[0]; r.Status.Count != 1 {
		t.Errorf("with other fields, %d accounts", r.Status.Count)
	}
	snapshottest.Settled(t, "fresh[2]", "a", k)
	if n := other.Count(connectors.Accounts); n != 1 {
		t.Errorf("with other fields, %d fetches", n)
	}
}

func TestChangesReachTheOthersByAnnouncement(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]func() redis.Options{
		"single":  func() redis.Options { return redistest.At(redistest.Start(t)) },
		"cluster": func() redis.Options { return redis.Options{Addrs: redistest.StartCluster(t).Addrs()} },
	} {
		o := opt()
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := snapshottest.NewSource("a", "1")
			quickly := func(o *snapshot.Options) {
				o.Settings = map[snapshot.Key]snapshot.Settings{snapshottest.Key("a", connectors.Accounts): {FreshFor: time.Hour, MinInterval: time.Millisecond}}
			}
			one, _ := snapshottest.Keep(t, open(t, o), quickly, src.Open("f"))
			two, _ := snapshottest.Keep(t, open(t, o), quickly, src.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", one, two)
			src.Set("1", "2")
			began := time.Now()
			redistest.Await(t, func() bool { _, ok := one.Refresh(snapshottest.Key("a", connectors.Accounts)); return ok }, "a reading is allowed")
			snapshottest.Settled(t, "fresh[1 2]", "a", one, two)
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v: nobody was told", took)
			}
		})
	}
}

// Each byte of what is stored, changed on its own, is found out: the snapshot is read anew and written anew.
func TestDamageIsFoundAndMended(t *testing.T) {
	t.Parallel()
	for name, secret := range map[string]string{"checksum": "", "encrypted": "01234567890123456789012345678901"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			opt := redistest.At(s)
			opt.Key = []byte(secret)
			store := open(t, opt)
			lease := snapshottest.Acquire(t, store, 0)
			if _, err := lease.Save(t.Context(), snapshottest.Stored("v1", time.Now(), true, strings.Repeat("people ", 20), "more")); err != nil {
				t.Fatal(err)
			}
			lease.Release(t.Context())
			keys := strings.Split(s.Must("KEYS", "roster:*"), "\n")
			checked := 0
			for _, k := range keys {
				if !strings.Contains(k, "part:") && !strings.Contains(k, "manifest") {
					continue
				}
				value := s.Must("GET", k)
				for i := range value {
					for _, bit := range []byte{1, 0x80} {
						broken := []byte(value)
						broken[i] ^= bit
						s.Must("SET", k, string(broken))
						m := snapshottest.Stat(t, store, snapshottest.Item)
						parts, err := store.Load(t.Context(), snapshottest.Item, m.Meta)
						if err != nil || m.Stamp != 0 && parts != nil {
							t.Fatalf("%s, byte %d, bit %x: got %q, %v", k, i, bit, parts, err)
						}
						checked++
					}
				}
				s.Must("SET", k, value)
			}
			if checked < 300 {
				t.Errorf("only %d changes were tried", checked)
			}
			if diff := cmp.Diff([]string{strings.Repeat("people ", 20), "more"}, snapshottest.Fetch(t, store, snapshottest.Item)); diff != "" {
				t.Errorf("in the end (-want +got):\n%s", diff)
			}
		})
	}
}

func TestDamagedSnapshotIsReplaced(t *testing.T) {
	t.Parallel()
	damage := map[string]func(s *redistest.Server, key string){
		"a bit":     func(s *redistest.Server, key string) { s.Must("SETRANGE", key, "20", "\xff") },
		"gone":      func(s *redistest.Server, key string) { s.Must("DEL", key) },
		"a list":    func(s *redistest.Server, key string) { s.Must("DEL", key); s.Must("RPUSH", key, "x") },
		"cut off":   func(s *redistest.Server, key string) { s.Must("SET", key, s.Must("GETRANGE", key, "0", "40")) },
		"something": func(s *redistest.Server, key string) { s.Must("SET", key, "something") },
	}
	for name, spoil := range damage {
		for _, what := range []string{"manifest", "part:"} {
			t.Run(what+" is "+name, func(t *testing.T) {
				t.Parallel()
				s := redistest.Start(t)
				src := snapshottest.NewSource("a", snapshottest.Numbered(50)...)
				brisk := func(o *snapshot.Options) {
					o.Settings = map[snapshot.Key]snapshot.Settings{snapshottest.Key("a", connectors.Accounts): {MinInterval: time.Millisecond}}
				}
				k, stop := snapshottest.Keep(t, open(t, redistest.At(s)), brisk, src.Open("f"))
				snapshottest.Settled(t, fmt.Sprint("fresh", snapshottest.Numbered(50)), "a", k)
				stop()
				for _, k := range strings.Split(s.Must("KEYS", "roster:*"+what+"*"), "\n") {
					spoil(s, k)
				}
				k, stop = snapshottest.Keep(t, open(t, redistest.At(s)), brisk, src.Open("f"))
				snapshottest.Settled(t, fmt.Sprint("fresh", snapshottest.Numbered(50)), "a", k)
				stop()
				if n := src.Count(connectors.Accounts); n != 2 {
					t.Errorf("read %d times, want a second time", n)
				}
				k, _ = snapshottest.Keep(t, open(t, redistest.At(s)), brisk, src.Open("f"))
				snapshottest.Settled(t, fmt.Sprint("fresh", snapshottest.Numbered(50)), "a", k)
				if n := src.Count(connectors.Accounts); n != 2 {
					t.Errorf("read %d times: the damage was not mended", n)
				}
			})
		}
	}
}

// Whatever lies under the keys, it harms nobody.
func TestGarbageUnderEveryKey(t *testing.T) {
	t.Parallel()
	put := map[string]func(s *redistest.Server, key string){
		"text": func(s *redistest.Server, key string) { s.Must("SET", key, "99999999999999999999999 1 x") },
		"list": func(s *redistest.Server, key string) { s.Must("RPUSH", key, "x") },
		"hash": func(s *redistest.Server, key string) {
			s.Must("HSET", key, "tried", "nan", "retry", "1e999", "failure", "{")
		},
		"set":    func(s *redistest.Server, key string) { s.Must("SADD", key, "x") },
		"stream": func(s *redistest.Server, key string) { s.Must("XADD", key, "*", "a", "b") },
	}
	for name, spoil := range put {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			src := snapshottest.NewSource("a", "1")
			k, stop := snapshottest.Keep(t, open(t, redistest.At(s)), nil, src.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", k)
			stop()
			keys := strings.Split(s.Must("KEYS", "*"), "\n")
			// The lock's key is empty now; somebody else's text there would be a lock like any other, which does not expire.
			for _, k := range append(keys, "roster:replicas", "roster:changed") {
				s.Must("DEL", k)
				spoil(s, k)
			}
			k, _ = snapshottest.Keep(t, open(t, redistest.At(s)), nil, src.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", k)
		})
	}
}

func TestWithAnotherKeyItIsReadAnew(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src := snapshottest.NewSource("a", "1", "2")
	brisk := func(o *snapshot.Options) {
		o.Settings = map[snapshot.Key]snapshot.Settings{snapshottest.Key("a", connectors.Accounts): {MinInterval: time.Millisecond}}
	}
	for i, secret := range []string{strings.Repeat("a", 32), strings.Repeat("b", 32), "", ""} {
		opt := redistest.At(s)
		opt.Key = []byte(secret)
		k, stop := snapshottest.Keep(t, open(t, opt), brisk, src.Open("f"))
		snapshottest.Settled(t, "fresh[1 2]", "a", k)
		stop()
		if want := min(i+1, 3); src.Count(connectors.Accounts) != want {
			t.Errorf("key %d: read %d times, want %d", i, src.Count(connectors.Accounts), want)
		}
		for _, k := range strings.Split(s.Must("KEYS", "*part:*"), "\n") {
			if secret != "" && strings.Contains(s.Must("GET", k), "Person") {
				t.Error("stored in clear")
			}
		}
	}
}

func TestClear(t *testing.T) {
	t.Parallel()
	for name, opt := range map[string]redis.Options{
		"single":  redistest.At(redistest.Start(t)),
		"cluster": {Addrs: redistest.StartCluster(t).Addrs()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			store := open(t, opt)
			a, b := snapshottest.NewSource("a", "1"), snapshottest.NewSource("b", "2")
			k, stop := snapshottest.Keep(t, open(t, opt), nil, a.Open("f"), b.Open("f"))
			snapshottest.Settled(t, "fresh[1]", "a", k)
			snapshottest.Settled(t, "fresh[2]", "b", k)
			stop()
			has := func(source string) bool {
				return snapshottest.Stat(t, store, snapshot.StoreKey{Key: snapshottest.Key(source, connectors.Accounts), Fingerprint: "f"}).Stamp != 0
			}
			if n, err := store.Clear(t.Context(), "a"); err != nil || n < 2 || has("a") || !has("b") {
				t.Errorf("removed %d, %v; a is there: %v, b: %v", n, err, has("a"), has("b"))
			}
			if n, err := store.Clear(t.Context(), ""); err != nil || n < 2 || has("b") {
				t.Errorf("removed %d, %v; b is there: %v", n, err, has("b"))
			}
		})
	}
}
