package rocketchat

import "testing"

func TestCustomFieldByName(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		`{"number":"00123","team":"Blue"}`: "00123",
		`{"number":123456789012345678}`:    "123456789012345678",
		`{"number":null}`:                  "",
		`{"number":{"is":"1"}}`:            "",
		`{"number":["1"]}`:                 "",
		`{"number":true}`:                  "",
		`{"team":"Blue"}`:                  "",
		`{"number":"1"`:                    "",
		`[]`:                               "",
		``:                                 "",
	} {
		var d Details
		d.SetCustomFields([]byte(fields))
		if got := d.Value("number"); got != want {
			t.Errorf("%s: %q, want %q", fields, got, want)
		}
	}
}
