package directory_test

import (
	"os"
	"strings"
	"testing"

	"roster/internal/directory"
)

// The settings page refers operators to the list in docs/identity.md, so that must be the list of the program.
func TestSharedMailboxesAreDocumented(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../../docs/identity.md")
	if err != nil {
		t.Fatal(err)
	}
	want := strings.Join(directory.DefaultSharedMailboxes, ", ") + "."
	if !strings.Contains(strings.Join(strings.Fields(string(page)), " "), want) {
		t.Errorf("docs/identity.md does not have the list of shared mailboxes:\n%s", want)
	}
}
