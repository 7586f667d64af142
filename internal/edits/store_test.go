package edits_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/internal/directory"
	"roster/internal/edits"
	"roster/internal/writes"
)

func openDir(t *testing.T, path string) *edits.Dir {
	t.Helper()
	d, err := edits.OpenDir(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// The edits are there after a restart, with who, when and why.
func TestDirKeepsEdits(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "identity")
	d := openDir(t, path)
	r := newReplica(d, directory.Rules{}, company())
	res, err := r.LinkAccounts(t.Context(), withKey("k"), r.ids("ws/2", "crm/3"))
	link := do(t, res, err)
	res, err = r.SplitAccount(t.Context(), because("two people"), r.ids("ws/1")[0], nil)
	do(t, res, err)
	res, err = r.Undo(t.Context(), because("a mistake"), link.ID)
	do(t, res, err)
	if _, err := edits.OpenDir(path); err == nil || !strings.Contains(err.Error(), "another process has the directory") {
		t.Errorf("a second process: %v", err)
	}
	_ = d.Close()
	again := newReplica(openDir(t, path), directory.Rules{}, company())
	if err := again.edits.Read(t.Context()); err != nil {
		t.Fatal(err)
	}
	if is, was := again.Edits().Text(), r.Edits().Text(); is != was {
		t.Errorf("the edits are %s, and were %s", is, was)
	}
	wantPeople(t, again, "ws/1", "crm/1 chat/1", "ws/2", "crm/3", "chat/4")
	res, err = again.LinkAccounts(t.Context(), withKey("k"), r.ids("ws/2", "crm/3"))
	if replayed := do(t, res, err); replayed.ID != link.ID {
		t.Errorf("the key made %s", replayed.ID)
	}
}

var errCrash = errors.New("crash")

// If the process ends at any step of storing an edit, the next one has all edits from before, or those and the new one. What was answered is there.
func TestDirAfterCrash(t *testing.T) {
	t.Parallel()
	for _, step := range []string{"file half written", "file written", "file synced", "file in place", "directory synced"} {
		t.Run(step, func(t *testing.T) {
			t.Parallel()
			path := t.TempDir()
			d := openDir(t, path)
			r := newReplica(d, directory.Rules{}, company())
			res, err := r.LinkAccounts(t.Context(), because("first"), r.ids("ws/2", "crm/3"))
			do(t, res, err)
			d.OnStep(func(s string) error {
				if s == step {
					return errCrash
				}
				return nil
			})
			res, err = r.LinkAccounts(t.Context(), because("second"), r.ids("ws/2", "chat/4"))
			if err != nil {
				t.Fatal(err)
			}
			answered := res.Outcome == writes.Done
			if !answered && res.Outcome != writes.Unknown {
				t.Errorf("the answer is %+v", res)
			}
			_ = d.Close()
			again := newReplica(openDir(t, path), directory.Rules{}, company())
			if err := again.edits.Read(t.Context()); err != nil {
				t.Fatal(err)
			}
			all := again.Edits().All()
			if len(all) == 0 || len(all) > 2 || all[0].Made.Reason != "first" || answered && len(all) != 2 {
				t.Errorf("answered: %v; the edits are %s", answered, again.Edits().Text())
			}
			if left, _ := filepath.Glob(filepath.Join(path, "*.partial")); len(left) > 0 {
				t.Errorf("left behind: %v", left)
			}
		})
	}
}

// Edits that cannot be read are not taken for none, and not overwritten.
func TestDamagedEdits(t *testing.T) {
	t.Parallel()
	link := `{"id":"1","kind":"LINK","accounts":["a/1","b/1"],"made":{"at":"2026-01-02T03:04:05Z","reason":"x"}}`
	for name, text := range map[string]string{
		"no JSON": "{", "an unknown member": `{"version":1,"edits":[],"more":1}`, "nothing": "", "a later version": `{"version":2,"edits":[]}`, "no accounts": `{"version":1,"edits":[{"id":"1","kind":"LINK"}]}`,
		"an account without a source": `{"version":1,"edits":[{"id":"1","kind":"LINK","accounts":["a","b"]}]}`,
		"an unknown kind":             `{"version":1,"edits":[{"id":"1","kind":"OTHER","accounts":["a/1","b/1"]}]}`,
		"an edit twice":               fmt.Sprintf(`{"version":1,"edits":[%s,%s]}`, link, link), "no edit": `{"version":1,"edits":[null]}`,
	} {
		path := t.TempDir()
		file := filepath.Join(path, "identity-edits.json")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		r := newReplica(openDir(t, path), directory.Rules{}, company())
		if err := r.edits.Read(t.Context()); !errors.Is(err, edits.ErrDamaged) {
			t.Errorf("%s: %v", name, err)
		}
		if _, err := r.LinkAccounts(t.Context(), because("x"), r.ids("ws/1", "ws/2")); !errors.Is(err, edits.ErrDamaged) {
			t.Errorf("%s: the edit: %v", name, err)
		}
		if now, err := os.ReadFile(file); err != nil || string(now) != text {
			t.Errorf("%s: the file is now %q, %v", name, now, err)
		}
	}
}
