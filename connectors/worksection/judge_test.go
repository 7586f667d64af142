package worksection

import (
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"roster/connectors"
	"roster/connectors/rest"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name   string
		status int // 200 when 0
		header string
		body   string
		want   *connectors.Error // without its detail
	}{
		{name: "ok", body: `{"status":"ok","data":[]}`},
		{name: "ok without data", body: `{"status":"ok"}`},
		{name: "ok with a message", body: `{"status":"ok","data":[],"message":"nothing to do, too many are done"}`},
		{
			name: "a wrong signature within HTTP 200", body: `{"status":"error","status_code":2,"message":"Action hash is missed or invalid"}`,
			want: &connectors.Error{Kind: connectors.KindUnauthorized, Code: "2"},
		},
		{
			name: "a number written as text", body: `{"status":"error","status_code":"2","message":""}`,
			want: &connectors.Error{Kind: connectors.KindUnauthorized, Code: "2"},
		},
		{
			name: "one number, a missing field", body: `{"status":"error","status_code":10,"message":"Field is required","message_details":"email"}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "10", Input: "email"},
		},
		{
			name: "the same number, another fault", body: `{"status":"error","status_code":10,"message":"WebHook not found"}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "10"},
		},
		{
			name: "a bad address with the expected format beside it", body: `{"status":"error","status_code":11,"message":"Invalid email","test":{"a":1}}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "11", Input: "email"},
		},
		{
			name: "a bad task", body: `{"status":"error","status_code":5,"message":"Task is invalid"}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "5", Input: "id_task"},
		},
		{
			name: "details that are no parameter's name are not passed on", body: `{"status":"error","status_code":10,"message":"","message_details":"SECRET"}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "10"},
		},
		{
			name: "details of another shape", body: `{"status":"error","status_code":10,"message":"","message_details":{"field":"email"}}`,
			want: &connectors.Error{Kind: connectors.KindInvalid, Code: "10"},
		},
		{
			name: "access denied", body: `{"status":"error","status_code":20,"message":"access denied"}`,
			want: &connectors.Error{Kind: connectors.KindForbidden, Code: "20"},
		},
		{
			name: "object not found", body: `{"status":"error","status_code":30,"message":"object not found"}`,
			want: &connectors.Error{Kind: connectors.KindNotFound, Code: "30"},
		},
		{
			name: "a number nobody knows", body: `{"status":"error","status_code":77,"message":"?"}`,
			want: &connectors.Error{Kind: connectors.KindBadResponse, Code: "77"},
		},
		{
			name: "an error without a number", body: `{"status":"error","message":"Something"}`,
			want: &connectors.Error{Kind: connectors.KindBadResponse},
		},
		{
			name: "text in place of the number is not passed on", body: `{"status":"error","status_code":"SECRET"}`,
			want: &connectors.Error{Kind: connectors.KindBadResponse},
		},
		{
			name: "too many requests within HTTP 200", body: `{"status":"error","status_code":9,"message":"Too many requests"}`,
			want: &connectors.Error{Kind: connectors.KindRateLimited, Code: "9", RetryAfter: pause},
		},
		{
			name: "too many requests in other letters and without a number", body: `{"status":"error","message":"TOO MANY REQUESTS, slow down"}`,
			want: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: pause},
		},
		{
			name: "too many requests within HTTP 200 with a time", header: "7", body: `{"status":"error","message":"Too many requests"}`,
			want: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 7 * time.Second},
		},
		{
			name: "too many rows is not too many requests", body: `{"status":"error","status_code":9,"message":"Too many users (10000 max)"}`,
			want: &connectors.Error{Kind: connectors.KindUnsupported, Code: "9"},
		},
		{
			name: "429 with a time", status: 429, header: "3", body: `{"status":"error","message":"Too many requests"}`,
			want: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: 3 * time.Second},
		},
		{
			name: "429 without a time, and a page", status: 429, body: `<html>`,
			want: &connectors.Error{Kind: connectors.KindRateLimited, RetryAfter: pause},
		},
		{
			name: "an expired token", status: 401, body: `{"status":"error","message":"Access token is expired"}`,
			want: &connectors.Error{Kind: connectors.KindUnauthorized, Code: "token_expired"},
		},
		{
			name: "an expired token, in newer words", status: 401, body: `{"errorDescription":"The access token is expired."}`,
			want: &connectors.Error{Kind: connectors.KindUnauthorized, Code: "token_expired"},
		},
		{
			name: "another 401", status: 401, body: `{"status":"error","message":"Access denied"}`,
			want: &connectors.Error{Kind: connectors.KindUnauthorized},
		},
		{
			name: "forbidden", status: 403, body: `{"status":"error","status_code":20}`,
			want: &connectors.Error{Kind: connectors.KindForbidden, Code: "20"},
		},
		{name: "no such account", status: 404, body: `<html>`, want: &connectors.Error{Kind: connectors.KindNotFound}},
		{name: "a query over 8 kB", status: 414, body: `<html>`, want: &connectors.Error{Kind: connectors.KindInvalid}},
		{name: "a redirect to a login page", status: 302, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "no content", status: 204, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "a proxy's page", status: 502, body: `<html><h1>Bad Gateway</h1>`, want: &connectors.Error{Kind: connectors.KindUnavailable}},
		{
			name: "an error that calls itself ok", status: 500, body: `{"status":"ok","data":[]}`,
			want: &connectors.Error{Kind: connectors.KindUnavailable},
		},
		{name: "a page within HTTP 200", body: `<!doctype html><title>Sign in</title>`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "half an answer", body: `{"status":"ok","data":[{"id":"1"},{"i`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "nothing", body: ``, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "null", body: `null`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "a list without its envelope", body: `[]`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "an envelope without a status", body: `{"data":[]}`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
		{name: "an error of another interface", body: `{"error":"invalid_client"}`, want: &connectors.Error{Kind: connectors.KindBadResponse}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := &rest.Response{Status: tt.status, Header: http.Header{}, Body: []byte(tt.body)}
			if r.Status == 0 {
				r.Status = http.StatusOK
			}
			if tt.header != "" {
				r.Header.Set("Retry-After", tt.header)
			}
			if tt.want != nil {
				tt.want.Status = r.Status
			}
			if diff := cmp.Diff(tt.want, judge(r), cmpopts.IgnoreFields(connectors.Error{}, "Detail", "Err")); diff != "" {
				t.Errorf("judge (-want +got):\n%s", diff)
			}
		})
	}
}
