package worksection

import (
	"bytes"
	"os"
	"slices"
	"testing"
)

func FuzzUsers(f *testing.F)         { fuzz(f, actionUsers) }
func FuzzUserGroups(f *testing.F)    { fuzz(f, actionUserGroups) }
func FuzzContacts(f *testing.F)      { fuzz(f, actionContacts) }
func FuzzContactGroups(f *testing.F) { fuzz(f, actionContactGroups) }

// fuzz holds that no answer, however mangled, breaks the reading of a list or gives a record that others cannot point to.
func fuzz(f *testing.F, action string) {
	f.Helper()
	for _, file := range fixtures(f) {
		body, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
		f.Add(body[:len(body)/2])
		f.Add(bytes.ReplaceAll(body, []byte(`""`), []byte(`[]`)))
	}
	f.Add([]byte(`{"status":"error","status_code":10,"message":"Field is required","message_details":"email"}`))
	f.Add([]byte(`{"status":"error","message":"Too many requests"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got, err := read(action, body)
		if err != nil {
			if got.complete || len(got.ids) > 0 {
				t.Errorf("a failure with %d records, complete %v", len(got.ids), got.complete)
			}
			return
		}
		seen := make(map[string]bool, len(got.ids))
		for _, id := range got.ids {
			if id == "" || seen[id] {
				t.Errorf("the ID %q is empty or comes twice", id)
			}
			seen[id] = true
		}
		if !slices.IsSortedFunc(got.ids, compareIDs) {
			t.Errorf("out of order: %q", got.ids)
		}
	})
}
