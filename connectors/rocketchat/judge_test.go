package rocketchat

import (
	"net/http"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/connectors/rest"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const page = `<!DOCTYPE html><html><body>Bad Gateway</body></html>`
	type verdict = connectors.Error
	for _, tc := range []struct {
		name   string
		status int
		body   string
		want   *verdict
	}{
		{"success", 200, `{"users":[],"success":true}`, nil},
		{"success without the marker", 200, `{"version":"8.4"}`, nil},
		{"the flat reply of me, with the status of a user", 200, `{"_id":"a","status":"online","success":true}`, nil},
		{"success with a number beside it", 200, `{"success":true,"error":0}`, nil},

		{"200 that is a page", 200, page, &verdict{Kind: connectors.KindBadResponse}},
		{"200 that is cut off", 200, `{"users":[{"_id":"a"`, &verdict{Kind: connectors.KindBadResponse}},
		{"200 without a body", 200, ``, &verdict{Kind: connectors.KindBadResponse}},
		{"200 that is a list", 200, `[]`, &verdict{Kind: connectors.KindBadResponse}},
		{"200 without success, code in the text", 200, `{"success":false,"error":"No [error-not-allowed]"}`,
			&verdict{Kind: connectors.KindForbidden, Code: "error-not-allowed"}},
		{"200 without success, unknown code", 200, `{"success":false,"errorType":"error-invalid-sort"}`,
			&verdict{Kind: connectors.KindInvalid, Code: "error-invalid-sort"}},
		{"200 with status error", 200, `{"status":"error","message":"You must be logged in to do this."}`, &verdict{Kind: connectors.KindInvalid}},
		{"200 without success, too many", 200, `{"success":false,"error":"wait 7 seconds [error-too-many-requests]"}`,
			&verdict{Kind: connectors.KindRateLimited, Code: "error-too-many-requests", RetryAfter: 7 * time.Second}},

		{"401 before 8", 401, `{"status":"error","message":"You must be logged in to do this."}`, &verdict{Kind: connectors.KindUnauthorized}},
		{"401 since 8", 401, `{"success":false,"error":"You must be logged in to do this."}`, &verdict{Kind: connectors.KindUnauthorized}},
		{"401 with a number for an error", 401, `{"success":false,"status":"error","error":403,"message":"Unauthorized"}`,
			&verdict{Kind: connectors.KindUnauthorized}},
		{"401 since 8, with a word for a code", 401, `{"success":false,"error":"unauthorized"}`,
			&verdict{Kind: connectors.KindUnauthorized, Code: "unauthorized"}},
		{"401 with the code that 403 has before 8", 401, `{"success":false,"errorType":"error-unauthorized"}`,
			&verdict{Kind: connectors.KindUnauthorized, Code: "error-unauthorized"}},

		{"403 before 8", 403, `{"success":false,"error":"User does not have the permissions required for this action [error-unauthorized]"}`,
			&verdict{Kind: connectors.KindForbidden, Code: "error-unauthorized"}},
		{"403 since 8", 403, `{"success":false,"error":"User does not have the permissions required for this action [error-forbidden]"}`,
			&verdict{Kind: connectors.KindForbidden, Code: "error-forbidden"}},
		{"404", 404, `{"success":false,"error":"Resource not found"}`, &verdict{Kind: connectors.KindNotFound}},

		{"400 for an unknown user, without a code", 400, `{"success":false,"error":"User not found."}`, &verdict{Kind: connectors.KindNotFound}},
		{"400 with another text about a user", 400, `{"success":false,"error":"User not found, it seems."}`, &verdict{Kind: connectors.KindInvalid}},
		{"400 for an unknown user, with a code", 400, `{"success":false,"error":"Invalid user [error-invalid-user]","errorType":"error-invalid-user"}`,
			&verdict{Kind: connectors.KindNotFound, Code: "error-invalid-user"}},
		{"400 for an unknown team", 400, `{"success":false,"error":"team-does-not-exist"}`,
			&verdict{Kind: connectors.KindNotFound, Code: "team-does-not-exist"}},
		{"400 for a second factor", 400, `{"success":false,"error":"TOTP [totp-required]","errorType":"totp-required","details":{"method":"totp"}}`,
			&verdict{Kind: connectors.KindForbidden, Code: "totp-required"}},
		{"400 for bad parameters", 400, `{"success":false,"errorType":"invalid-params","error":"must have required property"}`,
			&verdict{Kind: connectors.KindInvalid, Code: "invalid-params"}},
		{"400 for bad parameters, newer", 400, `{"success":false,"errorType":"error-invalid-params"}`,
			&verdict{Kind: connectors.KindInvalid, Code: "error-invalid-params"}},
		{"400 with an object for an error", 400, `{"success":false,"error":{"x":1}}`, &verdict{Kind: connectors.KindInvalid}},
		{"400 with a secret for a code", 400, `{"success":false,"errorType":"9HqLlyZOugoStsXCUfD_0YdwnNnunAJF8V47U3QHXSq"}`,
			&verdict{Kind: connectors.KindInvalid}},
		{"400 with a name in brackets", 400, `{"success":false,"error":"no such person [ada]"}`, &verdict{Kind: connectors.KindInvalid}},

		{"429 with seconds in the text", 429,
			`{"success":false,"error":"Error, too many requests. You must wait 12 seconds before trying again. [error-too-many-requests]"}`,
			&verdict{Kind: connectors.KindRateLimited, Code: "error-too-many-requests", RetryAfter: 12 * time.Second}},
		{"429 with too many seconds", 429, `{"error":"wait 4000 seconds"}`, &verdict{Kind: connectors.KindRateLimited, RetryAfter: time.Minute}},
		{"429 without a word", 429, page, &verdict{Kind: connectors.KindRateLimited, RetryAfter: time.Minute}},

		{"500", 500, `{"success":false,"error":"Internal server error"}`, &verdict{Kind: connectors.KindUnavailable}},
		{"503 that is a page", 503, page, &verdict{Kind: connectors.KindUnavailable}},
		{"504 that is a page", 504, page, &verdict{Kind: connectors.KindTimeout}},
		{"a redirect", 302, ``, &verdict{Kind: connectors.KindBadResponse}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := judge(&rest.Response{Status: tc.status, Body: []byte(tc.body), Header: http.Header{}})
			if tc.want != nil {
				tc.want.Status = tc.status
			}
			if diff := cmp.Diff(tc.want, got, cmpopts.IgnoreFields(verdict{}, "Detail", "Err")); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

func TestJudgeDetail(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		status int
		body   string
		want   string
	}{
		"second factor": {400, `{"success":false,"errorType":"totp-required"}`,
			"a second factor is asked for; make the personal access token one that bypasses it"},
		"credential": {401, `{}`, "check user_id and auth_token"},
		"redirect":   {301, ``, "it redirects elsewhere; check url"},
	} {
		if e := judge(&rest.Response{Status: tc.status, Body: []byte(tc.body)}); e.Detail != tc.want {
			t.Errorf("%s: got %q, want %q", name, e.Detail, tc.want)
		}
	}
}

// TestWait is about how long to leave a server alone after a 429, by all the ways in which it may tell.
func TestWait(t *testing.T) {
	t.Parallel()
	const text = `{"success":false,"error":"You must wait 9 seconds [error-too-many-requests]"}`
	for _, tc := range []struct {
		name  string
		reset time.Duration // of the header, from now; 0 for none
		after string        // a Retry-After
		body  string
		want  time.Duration
	}{
		{"the header is an absolute time in milliseconds", 17 * time.Second, "", text, 17 * time.Second},
		{"the server's clock is ahead", time.Hour, "", text, time.Minute},
		{"the server's clock is behind", -time.Hour, "", text, 9 * time.Second},
		{"the server's clock is behind, and it says no more", -time.Hour, "", `{}`, time.Second},
		{"only the text", 0, "", text, 9 * time.Second},
		{"nothing at all", 0, "", `{}`, time.Minute},
		{"a proxy's own limit", 17 * time.Second, "3600", `<html>`, time.Hour},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				header := http.Header{}
				if tc.reset != 0 {
					header.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(tc.reset).UnixMilli(), 10))
				}
				if tc.after != "" {
					header.Set("Retry-After", tc.after)
				}
				e := judge(&rest.Response{Status: 429, Body: []byte(tc.body), Header: header})
				if e.Kind != connectors.KindRateLimited || e.RetryAfter != tc.want {
					t.Errorf("got %v, want a wait of %v", e, tc.want)
				}
			})
		})
	}
}
