package plan_test

import (
	"bytes"
	"testing"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/plan"
)

// Strings are written as gqlgen writes them, wherever the special characters are.
func FuzzAppendString(f *testing.F) {
	for _, s := range []string{"", "plain", "eight by", "a \"quoted\" word", "back\\slash", "tab\tand\nlines\r", "\x00\x1f\x7f", "Ünïcode, longer than a word",
		"1234567\"", "12345678\\", "\xff\xfe invalid", " !\"#", "\u2028<&>"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		var want bytes.Buffer
		graphql.MarshalString(s).MarshalGQL(&want)
		if got := plan.AppendString([]byte("before"), s); string(got) != "before"+want.String() {
			t.Errorf("%q is written as %s, want %s", s, got, &want)
		}
	})
}

// Floats are written as gqlgen writes them.
func FuzzAppendFloat(f *testing.F) {
	for _, n := range []float64{0, 1, -1.5, 1e6, 1e20, 1e21, 1e-5, 123456789, 0.1} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, n float64) {
		var want bytes.Buffer
		err := graphql.MarshalFloatContext(n).MarshalGQLContext(t.Context(), &want)
		got, ok := plan.AppendFloat(nil, n)
		if ok != (err == nil) || ok && string(got) != want.String() {
			t.Errorf("%g is written as %s (%v), want %s (%v)", n, got, ok, &want, err)
		}
	})
}
