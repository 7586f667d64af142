package config

import (
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

const withSecret = "sources:\n  - {name: crm, kind: kommo, url: \"https://acme.kommo.com\", access_token_file: token}\n"

// inForce gives a configuration whose secret is in a file beside it.
func inForce(t *testing.T) (f *File, dir string) {
	t.Helper()
	dir = t.TempDir()
	write(t, dir, "token", "one\n")
	write(t, dir, "roster.yaml", withSecret)
	f = Open(filepath.Join(dir, "roster.yaml"), testEnv)
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	f.InForce()
	return f, dir
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func looks(f *File, want ...bool) (as string) {
	for i, w := range want {
		if got := f.SecretsChanged(); got != w {
			return "look " + string(rune('1'+i)) + " is wrong"
		}
	}
	return ""
}

func TestSecretsChanged(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		change func(t *testing.T, dir string, f *File)
		want   []bool
	}{
		"nothing":            {func(*testing.T, string, *File) {}, []bool{false, false, false}},
		"the configuration":  {func(t *testing.T, dir string, _ *File) { write(t, dir, "roster.yaml", "half") }, []bool{false, false}},
		"written over":       {func(t *testing.T, dir string, _ *File) { write(t, dir, "token", "two\n") }, []bool{false, true}},
		"the same once more": {func(t *testing.T, dir string, _ *File) { write(t, dir, "token", "one\n") }, []bool{false, false}},
		"gone":               {func(_ *testing.T, dir string, _ *File) { _ = os.Remove(filepath.Join(dir, "token")) }, []bool{false, true}},
		"still being written": {func(t *testing.T, dir string, f *File) {
			write(t, dir, "token", "tw")
			f.SecretsChanged()
			write(t, dir, "token", "two")
		}, []bool{false, true}},
		"and back": {func(t *testing.T, dir string, f *File) {
			write(t, dir, "token", "two")
			f.SecretsChanged()
			write(t, dir, "token", "one\n")
		}, []bool{false, false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f, dir := inForce(t)
			tc.change(t, dir, f)
			if wrong := looks(f, tc.want...); wrong != "" {
				t.Error(wrong)
			}
		})
	}
}

// As Kubernetes mounts a secret: the file is a link by way of a folder that is a link itself, and only that one is exchanged.
func TestSecretBehindLinks(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	link := func(to, name string) {
		t.Helper()
		if err := os.Symlink(to, filepath.Join(dir, name+".new")); err != nil {
			t.Fatal(err)
		}
		if err := os.Rename(filepath.Join(dir, name+".new"), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for version, text := range map[string]string{"v1": "one", "v2": "two"} {
		if err := os.Mkdir(filepath.Join(dir, version), 0o700); err != nil {
			t.Fatal(err)
		}
		write(t, filepath.Join(dir, version), "token", text)
	}
	link("v1", "data")
	link("data/token", "token")
	write(t, dir, "roster.yaml", withSecret)
	f := Open(filepath.Join(dir, "roster.yaml"), testEnv)
	if _, err := f.Load(); err != nil {
		t.Fatal(err)
	}
	f.InForce()
	link("v2", "data")
	if wrong := looks(f, false, true); wrong != "" {
		t.Error(wrong)
	}
}

// A secret is taken up without what somebody is doing to the configuration meanwhile; one that is no good is complained about once.
func TestLoadSecrets(t *testing.T) {
	t.Parallel()
	f, dir := inForce(t)
	write(t, dir, "roster.yaml", "sources: [")
	write(t, dir, "token", "two\n")
	c, err := f.LoadSecrets()
	if err != nil || !reflect.DeepEqual(c.Sources[0].Settings, settings(t, "kommo", map[string]any{"access_token": "two"})) {
		t.Fatalf("%v, want the second secret in the configuration in force", err)
	}
	f.InForce()
	write(t, dir, "token", " \n")
	if wrong := looks(f, false, true); wrong != "" {
		t.Error(wrong)
	}
	if _, err := f.LoadSecrets(); err == nil || !strings.Contains(err.Error(), "sources[0].access_token_file: the file is empty") {
		t.Errorf("the error is %v", err)
	}
	if wrong := looks(f, false, false); wrong != "" {
		t.Errorf("it is complained about again: %s", wrong)
	}
	write(t, dir, "token", "three")
	if wrong := looks(f, false, true); wrong != "" {
		t.Error(wrong)
	}
	if _, err := f.Load(); err == nil {
		t.Error("the broken file is taken for a configuration")
	}
}

// A secret that has changed by the time a broken configuration is refused is still taken up: with the text in force.
func TestSecretOutlivesARefusedConfiguration(t *testing.T) {
	t.Parallel()
	f, dir := inForce(t)
	write(t, dir, "token", "two\n")
	write(t, dir, "roster.yaml", withSecret+"max_wait: for ever\n")
	if _, err := f.Load(); err == nil {
		t.Fatal("the broken file is taken for a configuration")
	}
	if wrong := looks(f, false, true); wrong != "" {
		t.Error(wrong)
	}
	if c, err := f.LoadSecrets(); err != nil || !reflect.DeepEqual(c.Sources[0].Settings, settings(t, "kommo", map[string]any{"access_token": "two"})) {
		t.Errorf("%v, want the second secret in the configuration in force", err)
	}
}

func TestRedisEqual(t *testing.T) {
	t.Parallel()
	of := func() *Redis {
		c, err := Open("testdata/good/redis.yaml", testEnv).Load()
		if err != nil {
			t.Fatal(err)
		}
		return c.Redis
	}
	a, b := of(), of()
	if !a.Equal(b) || a.Equal(nil) || !(*Redis)(nil).Equal(nil) {
		t.Error("the same is not the same, or nothing is something")
	}
	b.Password = "other"
	if a.Equal(b) {
		t.Error("another password is the same")
	}
	if b = of(); b.TLS != nil {
		b.TLS.ServerName = "other"
		if a.Equal(b) {
			t.Error("another name in the certificate is the same")
		}
	}
}
