package httpapi_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"roster/internal/httpapi"
	"roster/internal/persisted"
)

// named returns a request with a document, its hash, or both, by POST and by GET.
func named(document, hash string) map[string]*http.Request {
	extensions := map[string]any{"persistedQuery": map[string]any{"version": 1, "sha256Hash": hash}}
	body := map[string]any{"extensions": extensions}
	text, err := json.Marshal(extensions)
	if err != nil {
		panic(err)
	}
	query := url.Values{"extensions": {string(text)}}
	if document != "" {
		body["query"] = document
		query.Set("query", document)
	}
	whole, err := json.Marshal(body)
	if err != nil {
		panic(err)
	}
	return map[string]*http.Request{"POST": post(string(whole)), "GET": get(query.Encode())}
}

func sha(text string) string {
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// Clients first send only the hash. If it is unknown, they send the document with it, and from then on the hash is enough for every client.
func TestPersistedQueries(t *testing.T) {
	t.Parallel()
	const document = "{ hello }"
	for _, way := range []string{"POST", "GET"} {
		h := httpapi.New(httpapi.Options{API: api{}, Documents: persisted.New(persisted.Options{Recent: persisted.NewRecent(nil)})})
		steps := []struct{ name, document, hash, says string }{
			{"unknown", "", sha(document), `"PersistedQueryNotFound"`},
			{"another's hash", document, sha("x"), "BAD_REQUEST"},
			{"which registers nothing", "", sha("x"), `"PERSISTED_QUERY_NOT_FOUND"`},
			{"one that cannot run", "{ helo }", sha("{ helo }"), "GRAPHQL_VALIDATION_FAILED"},
			{"is not kept", "", sha("{ helo }"), `"PersistedQueryNotFound"`},
			{"whole", document, sha(document), `"world"`},
			{"by its hash", "", sha(document), `"world"`},
			{"in capitals", "", strings.ToUpper(sha(document)), `"world"`},
		}
		for _, step := range steps {
			rec := do(h, named(step.document, step.hash)[way])
			if !strings.Contains(rec.Body.String(), step.says) || strings.Contains(rec.Body.String(), `"data":null`) {
				t.Errorf("%s, %s: HTTP %d %s, want it to say %s", way, step.name, rec.Code, rec.Body, step.says)
			}
		}
	}
	if rec := do(httpapi.New(httpapi.Options{API: api{}}), named("", sha(document))["POST"]); !strings.Contains(rec.Body.String(), `"PersistedQueryNotSupported"`) {
		t.Errorf("nobody keeps any: %s", rec.Body)
	}
	for _, extensions := range []string{`{"persistedQuery":1}`, `{"persistedQuery":{"version":2,"sha256Hash":"x"}}`, `{"persistedQuery":{"version":1}}`, `{"persistedQuery":{"sha256Hash":"x"}}`} {
		rec := do(httpapi.New(httpapi.Options{API: api{}}), post(`{"query":"{ hello }","extensions":`+extensions+`}`))
		if rec.Code != http.StatusBadRequest {
			t.Errorf("%s: HTTP %d %s, want 400", extensions, rec.Code, rec.Body)
		}
	}
}

// A client cannot register another document under a known hash, not even a trusted one.
func TestHashesCannotBeReused(t *testing.T) {
	t.Parallel()
	m, err := persisted.Parse([]byte(`{"hello":"{ hello }"}`))
	if err != nil {
		t.Fatal(err)
	}
	h := httpapi.New(httpapi.Options{API: api{}, Documents: persisted.New(persisted.Options{Manifest: m, Recent: persisted.NewRecent(nil)})})
	for _, step := range []struct{ name, document, hash, says string }{
		{"another's hash", "{ hello }", sha("{ nickname }"), "BAD_REQUEST"},
		{"which means nothing", "", sha("{ nickname }"), `"PERSISTED_QUERY_NOT_FOUND"`},
		{"its name", "{ hello }", "hello", `"world"`},
		{"a name that is none", "{ hello }", strings.Repeat("x", 64), "BAD_REQUEST"},
	} {
		if rec := do(h, named(step.document, step.hash)["POST"]); !strings.Contains(rec.Body.String(), step.says) {
			t.Errorf("%s: HTTP %d %s, want it to say %s", step.name, rec.Code, rec.Body, step.says)
		}
	}
}

func TestTrustedDocuments(t *testing.T) {
	t.Parallel()
	m, err := persisted.Parse([]byte(`{"hello":"{ hello }","change":"mutation { change }"}`))
	if err != nil {
		t.Fatal(err)
	}
	h := httpapi.New(httpapi.Options{API: api{}, Documents: persisted.New(persisted.Options{Manifest: m, Enforce: true, Recent: persisted.NewRecent(nil)})})
	for name, tc := range map[string]struct {
		request *http.Request
		status  int
		says    string
	}{
		"by its name":          {named("", "hello")["POST"], 200, `"world"`},
		"by its name, by GET":  {named("", "hello")["GET"], 200, `"world"`},
		"by its text":          {post(hello), 200, `"world"`},
		"another":              {post(`{"query":"{ nickname }"}`), 200, `"DOCUMENT_NOT_TRUSTED"`},
		"another, newer type":  {post(`{"query":"{ nickname }"}`, "Accept", "application/graphql-response+json"), 400, `"DOCUMENT_NOT_TRUSTED"`},
		"another that is none": {post(`{"query":"{{{"}`), 200, `"DOCUMENT_NOT_TRUSTED"`},
		"registering another":  {named("{ nickname }", sha("{ nickname }"))["POST"], 200, `"DOCUMENT_NOT_TRUSTED"`},
		"an unknown name":      {named("", "nobody")["POST"], 200, `"DOCUMENT_NOT_TRUSTED"`},
		"a mutation by GET":    {named("", "change")["GET"], 405, "GET is for queries"},
	} {
		if rec := do(h, tc.request); rec.Code != tc.status || !strings.Contains(rec.Body.String(), tc.says) {
			t.Errorf("%s: HTTP %d %s, want %d and %s", name, rec.Code, rec.Body, tc.status, tc.says)
		}
	}
}

// The documents of exports are the server's own, so that they need not be registered, and do not let clients run them.
func TestTrustedDocumentsAndExports(t *testing.T) {
	t.Parallel()
	m, err := persisted.Parse([]byte(`{"hello":"{ hello }"}`))
	if err != nil {
		t.Fatal(err)
	}
	for name, enforce := range map[string]bool{"enforced": true, "with warnings": false} {
		var log bytes.Buffer
		opt := httpapi.Options{API: teams{number: 700}, Documents: persisted.New(persisted.Options{Manifest: m, Enforce: enforce, Logger: slog.New(slog.NewTextHandler(&log, nil))})}
		h := httpapi.New(opt)
		rec := do(h, getExport(teamNames))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: HTTP %d %s", name, rec.Code, rec.Body)
		}
		checkNames(t, rec.Body, 700)
		if log.Len() > 0 {
			t.Errorf("%s: the log has %s", name, &log)
		}
		sent := do(h, post(`{"query":"query ExportTeams($first: Int, $after: String) { teams(first: $first, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }"}`))
		if refused := strings.Contains(sent.Body.String(), "DOCUMENT_NOT_TRUSTED"); refused != enforce {
			t.Errorf("%s: a client's document: %s", name, sent.Body)
		}
	}
}
