package kommo

import (
	"net/http"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/rest"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	const (
		hal     = "application/hal+json"
		problem = "application/problem+json"
		html    = "text/html; charset=utf-8"
		plain   = "text/plain"
		words   = `{"title":"Não autorizado","status":0,"detail":"Usuário inválido"}`
		page    = "<html><body><h1>403 Forbidden</h1></body></html>"
	)
	tests := map[string]struct {
		status      int
		contentType string
		body        string
		header      string // Retry-After
		good        bool
		kind        connectors.ErrorKind
		blocked     bool
		retryAfter  time.Duration
		detail      string
	}{
		"200 in JSON":                  {status: 200, contentType: hal, body: `{}`, good: true},
		"201 in JSON":                  {status: 201, contentType: hal, body: `{}`, good: true},
		"202 in JSON":                  {status: 202, contentType: "application/json", body: `{}`, good: true},
		"204 without anything":         {status: 204, good: true},
		"200 with a page":              {status: 200, contentType: html, body: page, kind: connectors.KindBadResponse},
		"200 without a type":           {status: 200, body: `{}`, kind: connectors.KindBadResponse},
		"206":                          {status: 206, contentType: hal, body: `{}`, kind: connectors.KindBadResponse},
		"301 after a change of name":   {status: 301, kind: connectors.KindBadResponse},
		"400":                          {status: 400, contentType: problem, body: words, kind: connectors.KindInvalid},
		"401":                          {status: 401, contentType: problem, body: words, kind: connectors.KindUnauthorized},
		"402":                          {status: 402, contentType: problem, body: words, kind: connectors.KindUnavailable, detail: detailUnpaid},
		"402 with a page":              {status: 402, contentType: html, body: page, kind: connectors.KindUnavailable, detail: detailUnpaid},
		"403 in JSON":                  {status: 403, contentType: problem, body: words, kind: connectors.KindForbidden},
		"403 in JSON without its type": {status: 403, contentType: plain, body: words, kind: connectors.KindForbidden},
		"403 with a page": {
			status: 403, contentType: html, body: page, kind: connectors.KindRateLimited, blocked: true, detail: detailBlocked,
		},
		"403 in words":                {status: 403, contentType: plain, body: "403 Forbidden", kind: connectors.KindRateLimited, blocked: true},
		"403 with a page called JSON": {status: 403, contentType: problem, body: page, kind: connectors.KindRateLimited, blocked: true},
		"403 with no object":          {status: 403, contentType: problem, body: `null`, kind: connectors.KindRateLimited, blocked: true},
		"403 without anything":        {status: 403, kind: connectors.KindRateLimited, blocked: true},
		"404":                         {status: 404, contentType: problem, body: words, kind: connectors.KindNotFound},
		"405":                         {status: 405, contentType: problem, body: words, kind: connectors.KindUnsupported},
		"422":                         {status: 422, contentType: problem, body: words, kind: connectors.KindInvalid},
		"429 with retry_after": {status: 429, contentType: problem, body: `{"retry_after":300}`, header: "7",
			kind: connectors.KindRateLimited, retryAfter: 300 * time.Second},
		"429 with retry_after as text": {status: 429, contentType: problem, body: `{"retry_after":"2.5"}`,
			kind: connectors.KindRateLimited, retryAfter: 2500 * time.Millisecond},
		"429 with retry_after beyond reason": {status: 429, contentType: problem, body: `{"retry_after":1e300}`,
			kind: connectors.KindRateLimited, retryAfter: 24 * time.Hour},
		"429 with a negative retry_after": {status: 429, contentType: problem, body: `{"retry_after":-1}`, header: "7",
			kind: connectors.KindRateLimited, retryAfter: 7 * time.Second},
		"429 with the header only": {status: 429, contentType: problem, body: words, header: "7",
			kind: connectors.KindRateLimited, retryAfter: 7 * time.Second},
		"429 in words": {status: 429, contentType: plain, body: "Too Many Requests", kind: connectors.KindRateLimited},
		"429 in words with the header": {status: 429, contentType: plain, body: "Too Many Requests", header: "9",
			kind: connectors.KindRateLimited, retryAfter: 9 * time.Second},
		"500": {status: 500, contentType: problem, body: `{"title":"ErrInternalServer","status":500,"trace_id":"x"}`, kind: connectors.KindUnavailable},
		"502": {status: 502, contentType: html, body: page, kind: connectors.KindUnavailable},
		"503": {status: 503, contentType: html, body: page, header: "30", kind: connectors.KindUnavailable, retryAfter: 30 * time.Second},
		"504": {status: 504, contentType: html, body: page, kind: connectors.KindTimeout},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			if tt.contentType != "" {
				header.Set("Content-Type", tt.contentType)
			}
			if tt.header != "" {
				header.Set("Retry-After", tt.header)
			}
			e := judge(&rest.Response{Status: tt.status, Header: header, Body: []byte(tt.body)})
			if (e == nil) != tt.good {
				t.Fatalf("got %v, want it good: %v", e, tt.good)
			}
			if e == nil {
				return
			}
			if e.Kind != tt.kind || e.Blocked != tt.blocked || e.RetryAfter != tt.retryAfter || e.Code != "" {
				t.Errorf("got %+v, want kind %s, blocked %v, retry after %s, no code", e, tt.kind, tt.blocked, tt.retryAfter)
			}
			if tt.detail != "" && e.Detail != tt.detail {
				t.Errorf("detail %q, want %q", e.Detail, tt.detail)
			}
		})
	}
}

func TestDecodePage(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		body string
		rows int
		bad  bool
	}{
		"rows":                                   {body: `{"_page":1,"_embedded":{"users":[{"id":1},{"id":2}]}}`, rows: 2},
		"rows without a page number":             {body: `{"_embedded":{"users":[{"id":1}]}}`, rows: 1},
		"empty objects left out":                 {body: `{"_page":1}`},
		"a problem under a success is no list":   {body: `{"title":"Unauthorized","status":401}`, bad: true},
		"another list is no list":                {body: `{"_embedded":{"contacts":[]}}`, bad: true},
		"one row without its array":              {body: `{"_page":1,"_embedded":{"users":{"id":1}}}`, rows: 1},
		"rows by numbers":                        {body: `{"_page":1,"_embedded":{"users":{"0":{"id":1},"2":{"id":2}}}}`, rows: 2},
		"an empty object in the place of rows":   {body: `{"_page":1,"_embedded":{"users":{}}}`, bad: true},
		"a text in the place of rows":            {body: `{"_page":1,"_embedded":{"users":"none"}}`, bad: true},
		"a text in the place of _embedded":       {body: `{"_page":1,"_embedded":"none"}`, bad: true},
		"an ID that is an object":                {body: `{"_page":1,"_embedded":{"users":[{"id":{}}]}}`, rows: 1},
		"a next page without its address":        {body: `{"_page":1,"_links":{"next":{}},"_embedded":{"users":[]}}`, bad: true},
		"cut off":                                {body: `{"_page":1,"_embedded":{"users":[{"id":1}`, bad: true},
		"nothing":                                {body: ``, bad: true},
		"counts in text, or of no use":           {body: `{"_page":"1","_total_items":"x","_page_count":null,"_embedded":{"users":[]}}`},
		"next that is null":                      {body: `{"_page":1,"_links":{"next":null},"_embedded":{"users":[]}}`},
		"keys that are new":                      {body: `{"_page":1,"_new":{},"_embedded":{"users":[{"id":1,"rights":{"new":[1]}}],"new":1}}`, rows: 1},
		"rights in the place of which stands []": {body: `{"_page":1,"_embedded":{"users":[{"id":1,"rights":{"leads":[]}}]}}`, rows: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p, err := decodePage(reply([]byte(tt.body)), "users", nil)
			if tt.bad {
				if !connectors.IsKind(err, connectors.KindBadResponse) {
					t.Errorf("got %v, want it not understood", err)
				}
				return
			}
			if err != nil || len(p.rows) != tt.rows {
				t.Errorf("%d rows, %v; want %d", len(p.rows), err, tt.rows)
			}
		})
	}
}
