package rocketchat

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"roster/connectors/conntest"
)

// answers are the lists in the test data, with what each key of their rows decides on.
func answers(t testing.TB) []conntest.Answer {
	t.Helper()
	kinds := map[string]conntest.Answer{
		"users-list": {
			Rows: []string{"users"},
			Fields: map[string][]string{
				"username": {"Username", "AvatarURL"}, "name": {"Name"}, "emails": {"Emails"}, "roles": {"Roles", "Access", "Bot"},
				"type": {"Details.Type", "Bot"}, "active": {"Active", "Access"}, "utcOffset": {"Details.UTCOffset"}, "avatarETag": {"AvatarURL"},
				"customFields": {"Details.CustomFields"},
			},
			Read: func(body []byte) (conntest.Content, error) { return conntest.ContentOf(accountsOf(body)) },
		},
		"roles-list": {
			Rows: []string{"roles"}, Hides: []string{"scope"},
			Fields: map[string][]string{"name": {"Name"}, "description": {"Description"}},
			Read:   func(body []byte) (conntest.Content, error) { return conntest.ContentOf(rolesOf(body)) },
		},
	}
	var all []conntest.Answer
	for kind, a := range kinds {
		files, err := filepath.Glob("testdata/" + kind + "_*.json")
		if err != nil || len(files) == 0 {
			t.Fatalf("no test data: %v", err)
		}
		for _, file := range files {
			if a.Body, err = os.ReadFile(file); err != nil {
				t.Fatal(err)
			}
			a.Name, a.ID = strings.TrimSuffix(filepath.Base(file), ".json"), "_id"
			all = append(all, a)
		}
	}
	return all
}

func TestOddValues(t *testing.T) {
	t.Parallel()
	conntest.OddValues(t, answers(t)...)
}

func TestAmounts(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Amounts(t, answers(t)...)
}

func FuzzOddValues(f *testing.F) { conntest.FuzzOddValues(f, answers(f)...) }
