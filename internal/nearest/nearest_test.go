package nearest

import "testing"

func TestTo(t *testing.T) {
	t.Parallel()
	known := []string{"demo", "serve", "check", "fresh_for", "id", "contact_folders", "roles", "xml"}
	for given, want := range map[string]string{
		"sevre": "serve", "server": "serve", "SERVE": "serve", "freshFor": "fresh_for", "chekc": "check", "dmo": "demo", "dmeo": "demo", "folders": "contact_folders",
		"yaml": "", "": "", "x": "", "database": "", "zz": "",
	} {
		if got := To(given, known); got != want {
			t.Errorf("%q is taken for %q, want %q", given, got, want)
		}
	}
}
