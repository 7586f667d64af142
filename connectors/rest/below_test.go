package rest_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roster/connectors"
	"roster/connectors/rest"
)

func linked(tb testing.TB) *rest.Client {
	tb.Helper()
	c, err := rest.New(rest.Options{Source: "acme", Base: "https://acme.example:8443/at/a/base/", Judge: judge})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func TestBelowTakesLinksBelowTheBase(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ link, path, query string }{
		"plain":                {"https://acme.example:8443/at/a/base/users", "users", ""},
		"with a query":         {"https://acme.example:8443/at/a/base/api/v4/users?page=2&limit=250", "api/v4/users", "page=2&limit=250"},
		"escapes stay":         {"https://acme.example:8443/at/a/base/a%2Fb?q=%26", "a%2Fb", "q=%26"},
		"the host in capitals": {"HTTPS://ACME.example:8443/at/a/base/users", "users", ""},
		"the base itself":      {"https://acme.example:8443/at/a/base/", "", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, query, err := linked(t).Below("users.list", tt.link)
			if err != nil || path != tt.path || query != tt.query {
				t.Errorf("got %q, %q, %v; want %q, %q", path, query, err, tt.path, tt.query)
			}
		})
	}
}

// hostile are links that would carry a credential to another place.
var hostile = map[string]string{
	"another host":           "https://evil.example/at/a/base/users",
	"another port":           "https://acme.example/at/a/base/users",
	"another scheme":         "http://acme.example:8443/at/a/base/users",
	"a host that ends alike": "https://acme.example:8443.evil.example/at/a/base/users",
	"the host as a user":     "https://acme.example:8443@evil.example/at/a/base/users",
	"a user at the host":     "https://canary@acme.example:8443/at/a/base/users",
	"above the base":         "https://acme.example:8443/at/a/users",
	"beside the base":        "https://acme.example:8443/at/a/baseless/users",
	"climbing":               "https://acme.example:8443/at/a/base/../admin",
	"climbing, escaped":      "https://acme.example:8443/at/a/base/%2e%2e/admin",
	"climbing, half escaped": "https://acme.example:8443/at/a/base/.%2E%2fadmin",
	"no host":                "/at/a/base/users",
	"no scheme":              "//acme.example:8443/at/a/base/users",
	"opaque":                 "https:acme.example:8443/at/a/base/users",
	"a script":               "javascript:alert(1)",
	"nothing":                "",
	"a line break":           "https://acme.example:8443/at/a/base/users\r\nHost: evil.example",
	"a broken escape":        "https://acme.example:8443/at/a/base/%zz",
}

func TestBelowRefusesHostileLinks(t *testing.T) {
	t.Parallel()
	for name, link := range hostile {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			path, query, err := linked(t).Below("users.list", link)
			if !connectors.IsKind(err, connectors.KindBadResponse) || path != "" || query != "" {
				t.Fatalf("got %q, %q, %v", path, query, err)
			}
			if strings.Contains(err.Error(), "canary") || strings.Contains(err.Error(), "evil") {
				t.Errorf("the error repeats the link: %v", err)
			}
		})
	}
}

// FuzzBelow looks for a link that is taken and yet leads elsewhere than below the base.
func FuzzBelow(f *testing.F) {
	for _, link := range hostile {
		f.Add(link)
	}
	f.Add("https://acme.example:8443/at/a/base/users?page=2")
	c := linked(f)
	f.Fuzz(func(t *testing.T, link string) {
		path, query, err := c.Below("users.list", link)
		if err != nil {
			return
		}
		target := "https://acme.example:8443/at/a/base/" + path
		if query != "" {
			target += "?" + query
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, target, http.NoBody)
		if err != nil {
			t.Fatalf("%q was taken and makes no request: %v", link, err)
		}
		clean, err := url.JoinPath("/", r.URL.Path)
		if err != nil || r.URL.Host != "acme.example:8443" || !strings.HasPrefix(clean+"/", "/at/a/base/") {
			t.Errorf("%q was taken and leads to %s", link, r.URL)
		}
	})
}
