package connectors_test

import (
	"strings"
	"testing"

	"roster/connectors"
)

func TestParsePhone(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		raw, region string
		want        string // E.164
		ok          bool
	}{
		"international":                  {"+380 44 234 56 78", "", "+380442345678", true},
		"with brackets and dashes":       {"+1 (212) 736-5000", "", "+12127365000", true},
		"national, its region known":     {"(044) 234-56-78", "UA", "+380442345678", true},
		"national, no region":            {"(044) 234-56-78", "", "", true},
		"national, another region":       {"(044) 234-56-78", "US", "", true},
		"a foreign one despite a region": {"+49 30 901820", "UA", "+4930901820", true},
		"a region in lower case":         {"044 234 56 78", "ua", "+380442345678", true},
		"an unknown region":              {"044 234 56 78", "QQ", "", true},
		"an extension is left out":       {"+1 212 736 5000 ext. 12", "", "+12127365000", true},
		"digits of another script":       {"+٤٩٣٠٩٠١٨٢٠", "", "+4930901820", true},
		"too short":                      {"112", "UA", "", true},
		"no such number":                 {"+1 000 000 0000", "", "", true},
		"words":                          {"ask at the desk", "UA", "", true},
		"two numbers":                    {"+380442345678, +380442345679", "", "", true},
		"very long":                      {strings.Repeat("9", 5000), "UA", "", true},
		"blank":                          {" \t\n", "UA", "", false},
		"nothing":                        {"", "", "", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, ok := connectors.ParsePhone("  "+tt.raw+" ", tt.region, connectors.PhoneMobile)
			want := connectors.Phone{}
			if tt.ok {
				want = connectors.Phone{Raw: tt.raw, E164: tt.want, Kind: connectors.PhoneMobile}
			}
			if got != want || ok != tt.ok {
				t.Errorf("got %+v, %v; want %+v, %v", got, ok, want, tt.ok)
			}
		})
	}
}

// FuzzParsePhone looks for a number that cannot be taken, or that is not E.164.
func FuzzParsePhone(f *testing.F) {
	for _, raw := range []string{"+380 44 234 56 78", "(044) 234-56-78", "+1 212 736 5000 ext. 12", "tel:+1-212-736-5000;isub=1", "١", ""} {
		f.Add(raw, "UA")
	}
	f.Fuzz(func(t *testing.T, raw, region string) {
		p, ok := connectors.ParsePhone(raw, region, connectors.PhoneMain)
		if ok != (strings.TrimSpace(raw) != "") || p.Raw != strings.TrimSpace(raw) {
			t.Fatalf("got %+v, %v", p, ok)
		}
		if p.E164 != "" && (p.E164[0] != '+' || len(p.E164) > 16 || strings.Trim(p.E164[1:], "0123456789") != "") {
			t.Errorf("%q in %q gives %q", raw, region, p.E164)
		}
	})
}
