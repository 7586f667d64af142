package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// FuzzLoad holds that no file whatever brings the loader down, and that no fault tells what an environment variable or a secret's file holds.
func FuzzLoad(f *testing.F) {
	for _, pattern := range []string{"testdata/faults/*.yaml", "testdata/good/*.yaml"} {
		files, err := filepath.Glob(pattern)
		if err != nil {
			f.Fatal(err)
		}
		for _, file := range files {
			data, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(data)
		}
	}
	const canary = "Canary-51\nkept to itself"
	env := func(name string) (string, bool) { return canary, strings.Contains(name, "A") }
	read := func(name string) ([]byte, error) {
		if strings.HasSuffix(name, "secret.txt") {
			return []byte(canary), nil
		}
		return nil, fs.ErrNotExist
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := load(data, env, read)
		if err == nil {
			if len(c.Sources) == 0 {
				t.Error("accepted without a source")
			}
			return
		}
		var faults Faults
		if !errors.As(err, &faults) || len(faults) == 0 {
			t.Fatalf("got %T, want faults", err)
		}
		if text := err.Error(); strings.Contains(text, "Canary-51") && !strings.Contains(string(data), "Canary-51") {
			t.Errorf("a secret is printed: %s", text)
		}
		for _, fault := range faults {
			if fault.Message == "" || strings.ContainsAny(fault.String(), "\n\r") {
				t.Errorf("not one line: %q", fault)
			}
		}
	})
}
