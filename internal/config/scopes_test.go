package config

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"roster/internal/access"
)

// Wherever scopes are configured, each scope can be.
func TestSettingsAcceptEachScope(t *testing.T) {
	t.Parallel()
	for _, file := range []any{keyFile{}, grantFile{}, anonymousFile{}} {
		f, _ := reflect.TypeOf(file).FieldByName("Scopes")
		if accepted := strings.Fields(f.Tag.Get("oneof")); !slices.Equal(accepted, access.AllScopes[:]) {
			t.Errorf("%T accepts the scopes %q, want %q", file, accepted, access.AllScopes)
		}
	}
}
