package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"roster/internal/httpapi"
)

func TestLocalOnly(t *testing.T) {
	t.Parallel()
	h := httpapi.New(httpapi.Options{API: api{}, LocalOnly: true})
	for host, want := range map[string]int{
		"127.0.0.1:8080": http.StatusOK, "127.0.0.1": http.StatusOK, "127.1.2.3:80": http.StatusOK, "localhost:8080": http.StatusOK,
		"localhost": http.StatusOK, "[::1]:8080": http.StatusOK, "[::1]": http.StatusOK, "[::ffff:127.0.0.1]:80": http.StatusOK,
		"evil.example": http.StatusMisdirectedRequest, "evil.example:8080": http.StatusMisdirectedRequest,
		"localhost.evil.example": http.StatusMisdirectedRequest, "127.0.0.1.evil.example": http.StatusMisdirectedRequest,
		"192.0.2.1": http.StatusMisdirectedRequest, "": http.StatusMisdirectedRequest, "[": http.StatusMisdirectedRequest, "[]": http.StatusMisdirectedRequest,
	} {
		for _, path := range []string{"/healthz", "/graphql?query={__typename}"} {
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil)
			r.Host = host
			rec := httptest.NewRecorder()
			h.ServeHTTP(rec, r)
			if rec.Code != want {
				t.Errorf("%s at host %q: HTTP %d, want %d", path, host, rec.Code, want)
			}
			if want != http.StatusOK && !strings.Contains(rec.Body.String(), "access.hosts") {
				t.Errorf("%s at host %q: %s does not name the setting", path, host, rec.Body)
			}
		}
	}
}
