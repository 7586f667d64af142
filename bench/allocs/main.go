// Command allocs compares the allocations of benchmarks with recorded ones. `make bench-allocs` runs it. Unlike times, allocations do not depend on
// the machine. So any CI shows a change that makes requests more expensive.
package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
)

// benchmark is what to measure. It has a fixed number of iterations, so that what is made once, such as the content of a pool, counts alike each time.
type benchmark struct {
	pkg, pattern string
	iterations   int
}

var benchmarks = []benchmark{
	{"./internal/httpapi", "^BenchmarkHandler$/./^handler$", 100},
	{"./internal/httpapi", "^BenchmarkRepeated$", 10_000},
	{"./internal/httpapi", "^BenchmarkNew$", 2000},
	{"./internal/telemetry", "^BenchmarkOperation$/^metrics$", 1000},
	{"./internal/coerce", "^BenchmarkValues$", 1000},
	{"./internal/snapshot", "^BenchmarkLoadFresh$", 1000},
	{"./internal/directory", "^BenchmarkBuild$/^accounts=1000$", 3},
}

// tolerance is how much allocations may differ, in percent. Goroutines and maps make them differ a little.
const tolerance = 2

// runs of each benchmark; the one with the fewest allocations counts, because the others were disturbed.
const runs = 3

func main() {
	update := flag.Bool("update", false, "record what was measured")
	file := flag.String("file", "bench/allocs.txt", "the `file` with recorded allocations")
	flag.Parse()
	if err := run(*file, *update); err != nil {
		fmt.Fprintln(os.Stderr, "allocs:", err)
		os.Exit(1)
	}
}

func run(file string, update bool) error {
	measured := make(map[string]int)
	for _, b := range benchmarks {
		if err := b.measure(measured); err != nil {
			return err
		}
	}
	if update {
		return os.WriteFile(file, []byte(format(measured)), 0o644) //nolint:gosec // everybody may read it
	}
	text, err := os.ReadFile(file) //nolint:gosec // the user names it
	if err != nil {
		return err
	}
	recorded, err := parse(string(text))
	if err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if faults := compare(recorded, measured); len(faults) > 0 {
		return fmt.Errorf("allocations differ from %s by more than %d %%:\n%s\nIf that is meant, run `make bench-allocs ALLOCS_FLAGS=-update`", file, tolerance,
			strings.Join(faults, "\n"))
	}
	fmt.Fprint(os.Stdout, format(measured))
	return nil
}

// measure runs a benchmark, and adds its allocations by the name of each part. Without garbage collection, pools keep what they have, unless memory becomes scarce.
func (b benchmark) measure(into map[string]int) error {
	cmd := exec.Command("go", "test", "-run", "^$", "-bench", b.pattern, "-benchmem", //nolint:gosec,noctx // constants; it ends by itself
		"-benchtime", strconv.Itoa(b.iterations)+"x", "-count", strconv.Itoa(runs), "-cpu", "1", b.pkg)
	cmd.Env = append(os.Environ(), "GOGC=off", "GOMEMLIMIT=1GiB")
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", b.pkg, err, out)
	}
	found := false
	for line := range strings.Lines(string(out)) {
		name, allocs, ok := result(line)
		if !ok {
			continue
		}
		found = true
		name = strings.TrimPrefix(b.pkg, "./") + " " + name
		if before, again := into[name]; !again || allocs < before {
			into[name] = allocs
		}
	}
	if !found {
		return fmt.Errorf("%s: no benchmark matches %s", b.pkg, b.pattern)
	}
	return nil
}

// result reads a line of a benchmark's output.
func result(line string) (name string, allocs int, ok bool) {
	fields := strings.Fields(line)
	n := len(fields)
	if n < 4 || !strings.HasPrefix(fields[0], "Benchmark") || fields[n-1] != "allocs/op" {
		return "", 0, false
	}
	allocs, err := strconv.Atoi(fields[n-2])
	return fields[0], allocs, err == nil
}

func format(allocs map[string]int) string {
	var b bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(allocs)) {
		fmt.Fprintf(&b, "%s %d\n", name, allocs[name])
	}
	return b.String()
}

func parse(text string) (map[string]int, error) {
	allocs := make(map[string]int)
	for line := range strings.Lines(text) {
		i := strings.LastIndexByte(strings.TrimSpace(line), ' ')
		n, err := strconv.Atoi(strings.TrimSpace(line[i+1:]))
		if i < 0 || err != nil {
			return nil, errors.New("each line must have a package, a benchmark and a number")
		}
		allocs[line[:i]] = n
	}
	return allocs, nil
}

// compare describes the differences, also if there are fewer allocations: otherwise the next change could add as many without being seen.
func compare(recorded, measured map[string]int) (faults []string) {
	for _, name := range slices.Sorted(maps.Keys(measured)) {
		was, known := recorded[name]
		is := measured[name]
		switch {
		case !known:
			faults = append(faults, fmt.Sprintf("%s: %d, and none are recorded", name, is))
		case 100*max(is-was, was-is) > tolerance*was:
			faults = append(faults, fmt.Sprintf("%s: %d instead of %d", name, is, was))
		}
	}
	for _, name := range slices.Sorted(maps.Keys(recorded)) {
		if _, there := measured[name]; !there {
			faults = append(faults, name+": recorded, and not measured any more")
		}
	}
	return faults
}
