package resolvers_test

import (
	"reflect"
	"slices"
	"testing"
	"unicode"

	"github.com/vektah/gqlparser/v2/ast"

	"roster/connectors"
	"roster/internal/directory"
	"roster/resolvers"
)

// The filter changedSince tells everybody of changes of exactly those fields of a record that the schema shows to everybody.
func TestOpenFieldsAreThoseOfTheSchema(t *testing.T) {
	t.Parallel()
	schema := (&resolvers.Resolver{}).Schema().Schema()
	for _, of := range []struct {
		collection connectors.Collection
		record     reflect.Type
		types      []string
	}{
		{connectors.Accounts, reflect.TypeFor[connectors.Account](), []string{"User", "DirectoryAccount"}},
		{connectors.Contacts, reflect.TypeFor[connectors.Contact](), []string{"Contact"}},
	} {
		var want []string
		for i := range of.record.NumField() {
			name := of.record.Field(i).Name
			if f := inSchema(schema, of.types, name); f != nil && f.Directives.ForName("requiresScopes") == nil {
				want = append(want, name)
			}
		}
		got := slices.Sorted(slices.Values(directory.OpenFields(of.collection)))
		if slices.Sort(want); !slices.Equal(got, want) {
			t.Errorf("%s: open are %q, and by the schema %q", of.record, got, want)
		}
	}
}

// inSchema returns the field of the graph that has a field of a record; nil if there is none.
func inSchema(s *ast.Schema, types []string, record string) *ast.FieldDefinition {
	name := map[string]string{"AvatarURL": "avatarUrl", "URL": "url", "Access": "accessLevel", "OwnerID": "owner"}[record]
	if name == "" {
		name = string(unicode.ToLower(rune(record[0]))) + record[1:]
	}
	if record == "ID" { // it identifies the record, and does not change
		return nil
	}
	for _, object := range types {
		if f := s.Types[object].Fields.ForName(name); f != nil {
			return f
		}
	}
	return nil
}
