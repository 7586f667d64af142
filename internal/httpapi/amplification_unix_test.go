//go:build unix

package httpapi_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// processorTime returns the processor time of this process. Unlike a clock, it does not include the time of other processes.
func processorTime(tb testing.TB) time.Duration {
	tb.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// longer repeats the items of each list and text of a JSON value n times; of nested lists, only those of the outermost.
func longer(value any, n int) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			v[key] = longer(v[key], n)
		}
	case []any:
		return slices.Repeat(v, min(n, 64<<10/(len(v)+1)+1))
	case string:
		return strings.Repeat(v, min(n, 64<<10/(len(v)+1)+1))
	}
	return value
}

// FuzzAmplification bounds the length of answers and the allocated memory for documents and variables of 64 kB, without data.
func FuzzAmplification(f *testing.F) {
	ask := smallServer(f)
	f.Add("query($r: [_Any!]!) { _entities(representations: $r) { __typename } }", `{"r":[{"__typename":"User","id":"!"}]}`, uint64(1))
	f.Add("query Q { users(filter: {search: $x}) { nope } }", `{"x":[[{}]]}`, uint64(2))
	f.Add(`{ user(by: {email: "x"}) { id } } fragment F on User { name }`, `{}`, uint64(3))
	f.Add("query($f: [AccountFilter!]) { users(filter: {accounts: $f}) { totalCount } }", `{"f":[{"min":1},{"sources":["kommo"]}]}`, uint64(4))
	f.Add("query($s: String) { users(filter: {search: $s}) { totalCount } }", `{"s":"\ufdfa \ufdfa"}`, uint64(5))
	f.Add("query { ...F } fragment F on Query { ...G } fragment G on Query { users { totalCount } }", `{}`, uint64(6))
	f.Fuzz(func(t *testing.T, document, variables string, seed uint64) {
		var values any
		if json.Unmarshal([]byte(variables), &values) != nil {
			values = map[string]any{}
		}
		// The fuzzer finds shapes. An attack repeats a part of them.
		random := rand.New(rand.NewPCG(seed, 0))
		if n := len(document); n > 1 {
			from := random.IntN(n)
			to := from + 1 + random.IntN(n-from)
			document = document[:to] + strings.Repeat(document[from:to], random.IntN(32<<10/(to-from)+1)) + document[to:]
		}
		body, err := json.Marshal(map[string]any{"query": document, "variables": longer(values, 1<<random.IntN(13))})
		if err != nil || len(body) > 64<<10 {
			return
		}
		var spent time.Duration
		for range 3 { // if it is much, the minimum of several: the garbage collector may run for other tests
			before := processorTime(t)
			out, allocated := ask(string(body))
			if len(out) > 8<<20 || allocated > 200<<20 || !json.Valid([]byte(out)) {
				t.Fatalf("%d bytes in, %d out, %d MiB allocated: %.200s", len(body), len(out), allocated>>20, out)
			}
			if spent = processorTime(t) - before; spent <= time.Second {
				return
			}
		}
		t.Errorf("%d bytes in, and %s of processor time", len(body), spent)
	})
}
