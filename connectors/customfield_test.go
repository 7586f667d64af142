package connectors_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/connectors"
)

func TestCanonical(t *testing.T) {
	t.Parallel()
	const no = "does not fit"
	for _, tc := range []struct {
		of          connectors.CustomType
		value, want string
	}{
		{connectors.CustomText, " as it is ", " as it is "},
		{connectors.CustomList, "", ""},
		{connectors.CustomNumber, " 007.50 ", "7.5"},
		{connectors.CustomNumber, "1e3", "1000"},
		{connectors.CustomNumber, "-0", "0"},
		{connectors.CustomNumber, "1e21", "1e+21"},
		{connectors.CustomNumber, "0.0000001", "1e-07"},
		{connectors.CustomNumber, "abc", no},
		{connectors.CustomNumber, "Inf", no},
		{connectors.CustomNumber, "0x10", no},
		{connectors.CustomNumber, "1e999", no},
		{connectors.CustomNumber, "1,5", no},
		{connectors.CustomNumber, "", no},
		{connectors.CustomBoolean, "TRUE", "true"},
		{connectors.CustomBoolean, "0", "false"},
		{connectors.CustomBoolean, "yes", no},
		{connectors.CustomDate, "2026-05-11", "2026-05-11T00:00:00Z"},
		{connectors.CustomDate, "2026-05-11 10:30:00", "2026-05-11T10:30:00Z"},
		{connectors.CustomDate, "2026-05-11T10:30:00.5+02:00", "2026-05-11T08:30:00.5Z"},
		{connectors.CustomDate, "20260511", no},
		{connectors.CustomDate, "1640995200", no},
		{connectors.CustomDate, "11.05.2026", no},
		{connectors.CustomDate, "0000-01-01", no},
	} {
		got, fits := tc.of.Canonical(tc.value)
		if !fits {
			got = no
		}
		if got != tc.want {
			t.Errorf("%s %q: %q, want %q", tc.of, tc.value, got, tc.want)
		}
	}
}

// A canonical value is its own canonical value, whatever a source sends.
func TestCanonicalOfCanonical(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		of := connectors.CustomType(rapid.IntRange(0, len(connectors.CustomTypes)-1).Draw(t, "type"))
		value := rapid.OneOf(rapid.String(), rapid.StringMatching(`[-+]?[0-9]{0,25}(\.[0-9]{0,9})?([eE][-+]?[0-9]{1,3})?`),
			rapid.StringMatching(`[0-9]{4}-[01][0-9]-[0-3][0-9]([T ][0-2][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[-+][01][0-9]:00)?)?`),
			rapid.SampledFrom([]string{"true", "FALSE", "1", "0", "-0.0"})).Draw(t, "value")
		canonical, fits := of.Canonical(value)
		if !fits {
			return
		}
		again, stillFits := of.Canonical(canonical)
		if !stillFits || again != canonical {
			t.Fatalf("%s %q: %q, and then %q", of, value, canonical, again)
		}
		if of == connectors.CustomNumber && strings.ContainsAny(canonical, " +") && !strings.Contains(canonical, "e+") {
			t.Fatalf("number %q: %q", value, canonical)
		}
	})
}
