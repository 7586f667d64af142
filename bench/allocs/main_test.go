package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	recorded, err := parse("p BenchmarkA/b 100\np BenchmarkB 7\np BenchmarkC 3\np BenchmarkGone 1\n")
	if err != nil {
		t.Fatal(err)
	}
	measured := map[string]int{"p BenchmarkA/b": 102, "p BenchmarkB": 8, "p BenchmarkC": 2, "p BenchmarkNew": 5}
	want := []string{
		"p BenchmarkB: 8 instead of 7", "p BenchmarkC: 2 instead of 3", "p BenchmarkNew: 5, and none are recorded",
		"p BenchmarkGone: recorded, and not measured any more",
	}
	if d := cmp.Diff(want, compare(recorded, measured)); d != "" {
		t.Error(d)
	}
	measured["p BenchmarkA/b"] = 103
	if got := compare(recorded, measured); got[0] != "p BenchmarkA/b: 103 instead of 100" {
		t.Error(got)
	}
	if again, err := parse(format(measured)); err != nil || cmp.Diff(measured, again) != "" {
		t.Error(err, again)
	}
}

func TestResult(t *testing.T) {
	t.Parallel()
	name, n, ok := result("BenchmarkHandler/lookup_by_ID/handler-2  \t 100\t 106475 ns/op\t 365.0 B/answer\t 25376 B/op\t 369 allocs/op\n")
	if name != "BenchmarkHandler/lookup_by_ID/handler-2" || n != 369 || !ok {
		t.Error(name, n, ok)
	}
	if _, _, ok := result("ok  \troster/internal/httpapi\t1.2s\n"); ok {
		t.Error("the last line counts as a result")
	}
}
