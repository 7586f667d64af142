package changes

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// asStored returns a commit as it is stored, with a change in its text.
func asStored(t *testing.T, told []Change, old, changed string) []byte {
	t.Helper()
	state := stateWith("x")
	state.Sources[0].Content = contentOf(publishedWith("x"), "a")
	text, err := unpacker().DecodeAll(encodeCommit(state, told, 10), nil)
	if err != nil || !bytes.Contains(text, []byte(old)) {
		t.Fatalf("%s: %v", text, err)
	}
	return packer().EncodeAll(bytes.ReplaceAll(text, []byte(old), []byte(changed)), nil)
}

// A change of a kind that only a newer version knows is skipped, and its cursor still is one. A commit that cannot be told is told as missing.
func TestACommitOfANewerVersion(t *testing.T) {
	t.Parallel()
	told := []Change{{Kind: User, Label: "1"}, {Kind: Team, Label: "2"}, {Kind: User, Label: "3"}}
	for name, tt := range map[string]struct{ old, changed, want string }{
		"another kind":   {`"Team"`, `"Project"`, "1 3"},
		"another action": {`"k":"Team","a":"added"`, `"k":"Team","a":"archived"`, "expired"},
		"another format": {`"format":1`, `"format":2`, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, store, from := sharedLog(10)
			store.tell("x")
			s.step(t, publishedWith("x"))
			store.set(func() {
				store.append(Append{ID: "log", After: store.page.End, NewID: "log", Count: len(told), Data: asStored(t, told, tt.old, tt.changed), State: store.page.State})
			})
			s.step(t, publishedWith("x"))
			if _, err := s.log.Reader(cursorAt(from)); err != nil {
				if tt.want != "expired" {
					t.Error(err)
				}
				return
			}
			if got := strings.Join(labels(t, s.log, cursorAt(from)), " "); got != tt.want {
				t.Errorf("it tells %s, want %s", got, tt.want)
			}
			if got := strings.Join(labels(t, s.log, cursorAt(store.page.End-1)), " "); got != "3" {
				t.Errorf("after the cursor of the change of another kind: %s", got)
			}
		})
	}
	if decodeState(bytes.Replace(encoded(stateStored(stateWith("x"))), []byte(`"format":1`), []byte(`"format":2`), 1)) != nil {
		t.Error("a state of another format is read")
	}
}

// What is stored is read by other versions. Whoever changes the meaning of it, for example by another value in the middle of an enumeration, raises the format.
func TestTheStoredForm(t *testing.T) {
	t.Parallel()
	var all []Change
	for kind := range unknown {
		all = append(all, Change{Kind: kind})
	}
	for action := range Split + 1 {
		all = append(all, Change{Kind: Source, Action: action, ID: "i", RelatedID: "r", Label: "l", Fields: []string{"f"}, Sources: []string{"s"}, Reset: true})
	}
	state := stateWith()
	state.Sources[0].State, state.Sources[0].Content = snapshot.Stale, "c"
	state.Sources[0].Collections = nil
	for _, c := range connectors.AllCollections {
		state.Sources[0].Collections = append(state.Sources[0].Collections, Holding{Collection: c, Complete: true, Restricted: true})
	}
	text, err := unpacker().DecodeAll(encodeCommit(state, all, len(all)), nil)
	if err != nil {
		t.Fatal(err)
	}
	c, err := decodeCommit(packer().EncodeAll(text, nil))
	if err != nil {
		t.Fatal(err)
	}
	for i := range all {
		if diff := cmp.Diff(all[i], Change(c.Changes[i])); diff != "" {
			t.Errorf("(-stored +read):\n%s", diff)
		}
	}
	version, rules := state.Directory.Version(), state.Directory.RulesVersion()
	stored := strings.NewReplacer(version, "VERSION", rules, "RULES", state.Sources[0].ID, "SOURCE").Replace(string(text) + "\n" + string(encoded(stateStored(state))))
	stored = strings.NewReplacer("},{", "},\n{", ":[{", ":[\n{").Replace(stored)
	if diff := cmp.Diff(storedForm, stored); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

const storedForm = `{"format":1,"v":"VERSION","c":{"a":"c"},"t":[
{"k":"User","a":"added","i":"","l":""},
{"k":"Team","a":"added","i":"","l":""},
{"k":"Role","a":"added","i":"","l":""},
{"k":"Contact","a":"added","i":"","l":""},
{"k":"ContactFolder","a":"added","i":"","l":""},
{"k":"Source","a":"added","i":"","l":""},
{"k":"Source","a":"added","i":"i","r":"r","l":"l","f":["f"],"s":["s"],"x":true},
{"k":"Source","a":"updated","i":"i","r":"r","l":"l","f":["f"],"s":["s"],"x":true},
{"k":"Source","a":"removed","i":"i","r":"r","l":"l","f":["f"],"s":["s"],"x":true},
{"k":"Source","a":"merged","i":"i","r":"r","l":"l","f":["f"],"s":["s"],"x":true},
{"k":"Source","a":"split","i":"i","r":"r","l":"l","f":["f"],"s":["s"],"x":true}]}
{"format":1,"version":"VERSION","rules":"RULES","sources":[
{"ID":"SOURCE","Name":"a","State":1,"Collections":[
{"Collection":0,"Complete":true,"Restricted":true},
{"Collection":1,"Complete":true,"Restricted":true},
{"Collection":2,"Complete":true,"Restricted":true},
{"Collection":3,"Complete":true,"Restricted":true},
{"Collection":4,"Complete":true,"Restricted":true}],"Arriving":false,"Content":"c"}]}`
