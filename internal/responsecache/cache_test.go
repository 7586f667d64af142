package responsecache_test

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/internal/responsecache"
)

// put keeps an answer of a length for a key, and returns it.
func put(c *responsecache.Cache, key string, length int, again bool) *responsecache.Answer {
	a := c.NewAnswer(key, nil, bytes.Repeat([]byte("x"), length))
	c.Put(a, again)
	return a
}

func found(c *responsecache.Cache, key string) bool { return c.Find([]byte(key)) != nil }

// Answers that are made once are not kept, and leave the others alone.
func TestAnswersThatAreNotRepeated(t *testing.T) {
	t.Parallel()
	c := responsecache.New(1<<20, nil)
	repeated := map[string]int{"short": 200, "long": 10_000}
	for key, length := range repeated {
		for _, want := range []bool{false, true} {
			put(c, key, length, false)
			if got := found(c, key); got != want {
				t.Errorf("the %s answer is found: %t, want %t", key, got, want)
			}
		}
	}
	before := c.Stats()
	for i := range 2000 {
		if key := fmt.Sprint(i); found(c, key) {
			t.Errorf("%s is found, and was never made", key)
		} else if put(c, key, 2000, false); found(c, key) {
			t.Errorf("%s is found, and was made once", key)
		}
	}
	for key := range repeated {
		if !found(c, key) {
			t.Errorf("the %s answer has left", key)
		}
	}
	if diff := cmp.Diff(before, c.Stats()); diff != "" {
		t.Errorf("answers that were made once (-before +after):\n%s", diff)
	}
}

// Answers that are made a second time stay. Which have been made is remembered for nearly all of them.
func TestAnswersThatAreMadeTwice(t *testing.T) {
	t.Parallel()
	c := responsecache.New(1<<20, nil)
	const n = 200
	for round := range 3 {
		for i := range n {
			put(c, fmt.Sprint(i), 200, false)
		}
		if stay := c.Stats().Bytes/(n*700) > 0; stay != (round > 0) {
			t.Errorf("%d bytes after round %d", c.Stats().Bytes, round)
		}
	}
	kept := 0
	for i := range n {
		if found(c, fmt.Sprint(i)) {
			kept++
		}
	}
	if kept < n*9/10 {
		t.Errorf("%d answers of %d are kept", kept, n)
	}
}

// An answer that replaces another one for its key, because that was not correct any more, stays.
func TestAnswersThatAreMadeAgain(t *testing.T) {
	t.Parallel()
	c := responsecache.New(1<<20, nil)
	latest := put(c, "key", 300, true)
	for i := range 1000 {
		put(c, fmt.Sprint(i), 200, false)
	}
	if c.Find([]byte("key")) != latest {
		t.Error("the latest answer is not found")
	}
}

// A cache never has more bytes than its size, and gives only the last answer for a key. If it has room, it gives each answer that it
// has kept.
func TestCache(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		const ample = 1 << 20
		size := rapid.SampledFrom([]int{1, 5_000, 100_000, ample}).Draw(rt, "size")
		c := responsecache.New(size, nil)
		latest := make(map[string]*responsecache.Answer)
		keys := rapid.IntRange(0, 40)
		for range rapid.IntRange(1, 200).Draw(rt, "steps") {
			key := fmt.Sprint(keys.Draw(rt, "key"))
			request := []byte("request " + key)
			switch rapid.IntRange(0, 3).Draw(rt, "step") {
			case 0:
				length := rapid.IntRange(1, 8000).Draw(rt, "length")
				if !c.Fits(length) {
					continue
				}
				again := c.Find([]byte(key)) != nil
				a := c.NewAnswer(key, nil, bytes.Repeat([]byte("x"), length))
				kept := c.Put(a, again)
				if found := c.Find([]byte(key)); size == ample && (kept != (found == a) || !kept && again) {
					rt.Fatalf("the answer for %s is kept: %t, found: %t", key, kept, found == a)
				}
				latest[key] = a
			case 1:
				if a := c.Find([]byte(key)); a != nil && a != latest[key] {
					rt.Fatalf("an earlier answer for %s is found", key)
				}
			case 2:
				if a := c.Find([]byte(key)); a != nil {
					c.PutRequest(request, a)
				}
			case 3:
				if a := c.FindByRequest(request); a != nil && a != latest[key] {
					rt.Fatalf("an earlier answer for the request for %s is found", key)
				}
			}
			if s := c.Stats(); s.Bytes > s.Size {
				rt.Fatalf("%d bytes of %d", s.Bytes, s.Size)
			}
		}
	})
}
