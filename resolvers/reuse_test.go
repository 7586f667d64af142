package resolvers_test

import (
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/graph/generated"
)

// Each resolver is one whose answers others may get, or one whose answers are for one operation only. A new resolver needs that decision: a field that depends
// on more than the directory, the state of the collections and the caller's scopes belongs to privateFields.
func TestEachResolverIsPrivateOrNot(t *testing.T) {
	t.Parallel()
	want := map[string][]string{
		"Change":           {"Fields", "Node", "RelatedID"}, // in answers to subscriptions only, of which none is kept
		"Contact":          {"Provenance"},
		"ContactFolder":    {"Contacts"},
		"DirectoryAccount": {"ObservedAt"}, // depends on the times of the fetches, as asOf does
		"Entity":           nil,            // of the directory
		"Query": {"ChangeCursor", // private
			"Contact", "ContactFolder", "ContactFolders", "Contacts", "IdentityEdits" /* private */, "IdentityPreview", "Node", "Nodes", "Role", "Roles", "Sources", "Team", "Teams", "User", "Users",
			"Viewer"}, // private
		"Role":         {"Holders", "Provenance"},
		"Source":       {"Breaker", "Capabilities", "Collections", "Coverage", "Credential", "Pause", "State"}, // private but for the capabilities and the coverage
		"Subscription": {"Changes"},
		"Team":         {"Members", "Provenance"},
		"User":         {"AsOf", "Completeness", "FormerIds", "Identity", "Presence", "PresenceAsOf", "Provenance"}, // presence is private
	}
	got := map[string][]string{}
	root := reflect.TypeFor[generated.ResolverRoot]()
	for i := range root.NumMethod() {
		object, of := root.Method(i).Name, root.Method(i).Type.Out(0)
		if object == "Mutation" {
			continue
		}
		got[object] = nil
		for j := range of.NumMethod() {
			if object != "Entity" {
				got[object] = append(got[object], of.Method(j).Name)
			}
		}
		slices.Sort(got[object])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
