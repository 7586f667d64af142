package telemetry_test

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The page for operators names each metric, or the beginning of its name.
func TestObservingNamesEachMetric(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/observing.md")
	if err != nil {
		t.Fatal(err)
	}
	named := regexp.MustCompile(`roster_\w+`).FindAllString(string(page), -1)
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for _, f := range files {
		if strings.HasSuffix(f, "_test.go") {
			continue
		}
		source, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`"(roster_\w+)"`).FindAllStringSubmatch(string(source), -1) {
			n++
			if !slices.ContainsFunc(named, func(name string) bool {
				return m[1] == name || strings.HasSuffix(name, "_") && strings.HasPrefix(m[1], name)
			}) {
				t.Errorf("docs/observing.md does not name %s (%s)", m[1], f)
			}
		}
	}
	if n == 0 {
		t.Error("there are no metrics")
	}
}
