package writes_test

import (
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"roster/internal/writes"
)

// bounded is a store of one process.
type bounded interface {
	writes.Store
	Bound(keys, ofCaller, notes int)
}

// boundedStores are opened outside of a bubble, and closed there.
func boundedStores(t *testing.T) map[string]bounded {
	t.Helper()
	d, err := writes.OpenDir(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return map[string]bounded{"memory": new(writes.Memory), "dir": d}
}

// If there is no capacity, a write is refused before anything is sent. No value is dropped: an answered key still repeats its answer, and an intent
// still has its thing reconciled. When keys have expired, there is capacity again.
func TestRoom(t *testing.T) {
	t.Parallel()
	for name, store := range boundedStores(t) {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // the store is closed when the outer test ends
			synctest.Test(t, func(t *testing.T) {
				store.Bound(3, 2, 1)
				v := newVendor()
				w, stop := newWorld(t, v, store, nil)
				defer stop()
				team := func(caller, key, name string) (writes.Result, error) {
					r := writes.Request{Source: "ws", Caller: caller}
					if key != "" {
						r.Key = &key
					}
					return w.writer.CreateTeam(t.Context(), r, writes.CreateTeam{Name: name})
				}
				want := func(what string, res writes.Result, err error, outcome writes.Outcome, calls int) {
					t.Helper()
					if unavailable := errors.Is(err, writes.ErrUnavailable); unavailable != (outcome == "") || res.Outcome != outcome || v.calls() != calls {
						t.Errorf("%s: %+v, %v after %d calls; want %q after %d", what, res, err, v.calls(), outcome, calls)
					}
				}
				first, err := team("a", "1", "One")
				want("the first key", first, err, writes.Done, 1)
				res, err := team("a", "2", "Sales")
				want("a key for what is there", res, err, writes.AlreadyDone, 1)
				res, err = team("a", "3", "Three")
				want("one key more than a caller may have", res, err, "", 1)
				res, err = team("b", "1", "Four")
				want("another caller's key", res, err, writes.Done, 2)
				res, err = team("c", "1", "Five")
				want("one key more than there is room for", res, err, "", 2)
				res, err = team("c", "", "Five")
				want("without a key", res, err, writes.Done, 3)
				again, err := team("a", "1", "One")
				if want("an answered key", again, err, writes.Done, 3); *again.Ref != *first.Ref {
					t.Errorf("it gives %v, and gave %v", again.Ref, first.Ref)
				}

				v.tune(func(v *vendor) { v.fates, v.failing = []fate{cutAfter}, true })
				res, err = team("", "", "Six")
				want("nobody knows", res, err, writes.Unknown, 4)
				res, err = team("", "", "Seven")
				want("one note more than there is room for", res, err, "", 4)
				v.tune(func(v *vendor) { v.failing = false })
				time.Sleep(10 * time.Minute)
				res, err = team("", "", "Six")
				want("what the note was about", res, err, writes.AlreadyDone, 4)
				res, err = team("", "", "Seven")
				want("when it is settled", res, err, writes.Done, 5)

				time.Sleep(24 * time.Hour)
				res, err = team("a", "3", "Three")
				want("when keys have ended", res, err, writes.Done, 6)
			})
		})
	}
}

// A directory that is opened again knows how many values it has.
func TestRoomAfterARestart(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	for i := range 3 {
		d, err := writes.OpenDir(path)
		if err != nil {
			t.Fatal(err)
		}
		d.Bound(2, 2, 1)
		_, ok, err := d.Put(t.Context(), fmt.Sprintf("key/caller/%d", i), writes.Held{}, []byte("x"), time.Hour)
		if ok != (i < 2) || (err == nil) != (i < 2) {
			t.Errorf("the key %d of 2: %t, %v", i+1, ok, err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// If the disk refuses data, the write is refused before it is sent. Existing values stay, and when the disk accepts data again, writes work again.
func TestDirThatTakesNothing(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d, err := writes.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	synctest.Test(t, func(t *testing.T) {
		v := newVendor()
		w, stop := newWorld(t, v, d, nil)
		defer stop()
		key, other := "k", "l"
		first := w.do("createTeam", writes.Request{Key: &key})
		d.FailWith(&fs.PathError{Op: "write", Path: filepath.Join(path, "file"), Err: syscall.EIO})
		for name, key := range map[string]*string{"with a key": &other, "without": nil} {
			res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: key}, writes.CreateTeam{Name: "Other"})
			if !errors.Is(err, writes.ErrUnavailable) || v.calls() != 1 {
				t.Errorf("%s: %+v, %v after %d calls", name, res, err, v.calls())
			}
			if strings.Contains(fmt.Sprint(err), path) {
				t.Errorf("%s: the error tells where the directory is: %v", name, err)
			}
		}
		if again := w.do("createTeam", writes.Request{Key: &key}); again.Outcome != writes.Done || *again.Ref != *first.Ref {
			t.Errorf("an answered key gives %+v", again)
		}
		d.FailWith(nil)
		if res, err := w.writer.CreateTeam(t.Context(), writes.Request{Source: "ws", Key: &other}, writes.CreateTeam{Name: "Other"}); err != nil || res.Outcome != writes.Done {
			t.Errorf("then: %+v, %v", res, err)
		}
	})
}

// Stored and shown values are counted, in a directory too.
func TestStats(t *testing.T) {
	t.Parallel()
	for name, store := range boundedStores(t) {
		t.Run(name, func(t *testing.T) { //nolint:paralleltest // the store is closed when the outer test ends
			synctest.Test(t, func(t *testing.T) {
				v := newVendor()
				w, stop := newWorld(t, v, store, nil)
				defer stop()
				want := func(keys, notes, shown int) {
					t.Helper()
					if s := w.writer.Stats(); !s.Counted || s.Keys != keys || s.Notes != notes || s.Shown["ws"] != shown {
						t.Errorf("%+v, want %d keys, %d notes and %d shown", s, keys, notes, shown)
					}
				}
				want(0, 0, 0)
				key := "k"
				v.tune(func(v *vendor) { v.lag = time.Minute })
				w.do("createTeam", writes.Request{Key: &key})
				want(1, 0, 1)
				v.tune(func(v *vendor) { v.fates, v.failing = []fate{cutAfter}, true })
				w.do("createContactFolder", writes.Request{})
				want(1, 1, 1)
				v.tune(func(v *vendor) { v.failing = false })
				time.Sleep(10 * time.Minute)
				synctest.Wait()
				want(1, 1, 0)
			})
		})
	}
}

// Sweeping removes expired values from memory, even if they are not requested again.
func TestMemoryForgets(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var m writes.Memory
		for i := range 5000 {
			if _, _, err := m.Put(t.Context(), fmt.Sprintf("key/c/%d", i), writes.Held{}, []byte("x"), time.Minute); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if n := m.Len(); n > 1100 {
			t.Errorf("it holds %d, of which 60 count", n)
		}
	})
}

// BenchmarkMemoryKey measures the cost of an answered key.
func BenchmarkMemoryKey(b *testing.B) {
	value := []byte(`{"input":"0123456789abcdef0123456789abcdef","by":"ABCDEFGHIJKLMNOPQRSTUVWXYZ","answer":{"outcome":"DONE","source":"worksection","id":"123456"}}`)
	const n = 20_000
	for b.Loop() {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		var m writes.Memory
		for i := range n {
			if _, _, err := m.Put(b.Context(), fmt.Sprintf("key/%032d/%032d", 0, i), writes.Held{}, value, time.Hour); err != nil {
				b.Fatal(err)
			}
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/n, "B/key")
		runtime.KeepAlive(&m)
	}
}
