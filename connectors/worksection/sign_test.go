package worksection

import (
	"testing"
	"time"

	"roster/connectors"
)

const testKey = connectors.Secret("7776461cd931e7b1c8e9632ff8e979ce")

func TestSign(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		query string
		want  string
	}{
		{
			name:  "the vendor's example",
			query: query("get_tasks", param{"id_project", "26"}),
			want:  "action=get_tasks&id_project=26&hash=ec3ab2c28f21b4a07424f8ed688d6644",
		},
		{
			name:  "an action alone",
			query: query("get_users"),
			want:  "action=get_users&hash=82d6b87d8d0b3ca3a91506adfc42751d",
		},
		{
			name:  "a space and an at sign",
			query: query("add_user", param{"email", "kate@ws.com"}, param{"first_name", "Kate Ann"}),
			want:  "action=add_user&email=kate%40ws.com&first_name=Kate+Ann&hash=a05da1efc2f13037ef07e650a7b42b86",
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := sign(tt.query, testKey); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestStamp(t *testing.T) {
	t.Parallel()
	const want = "Admin 1700000000_04098e47b99eacb794e0ac4877898cd650c4dfb6f83121cf5e1c019254614b18"
	if got := stamp("get_users", testKey, time.Unix(1700000000, 0)); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestQuery(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		params []param
		want   string
	}{
		{"the action stays first", []param{{"a", "1"}}, "action=x&a=1"},
		{"parameters keep their order", []param{{"z", "1"}, {"b", "2"}}, "action=x&z=1&b=2"},
		{"a tilde is encoded as PHP does", []param{{"a", "~"}}, "action=x&a=%7E"},
		{"brackets of arrays are encoded", []param{{"n[0]", "v"}}, "action=x&n%5B0%5D=v"},
		{"hex digits are upper case", []param{{"a", "é"}}, "action=x&a=%C3%A9"},
		{"letters, digits, hyphen, underscore and dot stay", []param{{"a", "Az09-_."}}, "action=x&a=Az09-_."},
		{"the asterisk and the plus are encoded", []param{{"a", "*+"}}, "action=x&a=%2A%2B"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			if got := query("x", tt.params...); got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}
