package conntest

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/wire"
)

// planted is in every secret that the checks plant.
const planted = "planted-secret-0b5e"

// keepsRaw checks what is kept of rows with Config.Raw: what the source says, and none of the secrets that are planted in every object of a row.
func (s Subject) keepsRaw(t *testing.T) {
	if s.Kind == nil || s.Kind.NeverShown == nil {
		return
	}
	t.Run("raw", func(t *testing.T) {
		t.Parallel()
		with := s
		with.Fake = planting(s.Fake, s.Kind.NeverShown)
		st := with.start(t)
		off := accounts(t, st.open(t, nil))
		on := accounts(t, st.open(t, func(c *connectors.Config) { c.Raw = true }))
		if len(on.Records) == 0 || len(on.Records) != len(off.Records) || !on.Complete {
			t.Fatalf("%d accounts, complete %v, and %d without raw", len(on.Records), on.Complete, len(off.Records))
		}
		for i, a := range on.Records {
			if off.Records[i].Extra != nil {
				t.Errorf("account %s keeps its row without raw", a.ID)
			}
			checkRaw(t, &a)
			st.noSecret(t, "what is kept of the row", asText(t, a))
			a.Extra = nil
			if diff := cmp.Diff(off.Records[i], a, sameDetails); diff != "" {
				t.Errorf("raw changes the rest of the account (-without +with):\n%s", diff)
			}
		}
	})
	t.Run("raw beyond its bound", func(t *testing.T) {
		t.Parallel()
		large := s
		large.Fake = rewriting(s.Fake, func(row map[string]any) { row["large"] = strings.Repeat("n", connectors.MaxRaw) })
		st := large.start(t)
		got := accounts(t, st.open(t, func(c *connectors.Config) { c.Raw = true }))
		beyond := 0
		for _, n := range got.Anomalies {
			if n.Field == connectors.FieldRow && n.BeyondBound() {
				beyond += n.Count
			}
		}
		for _, a := range got.Records {
			if a.Extra != nil && len(a.Extra.Raw) > 0 {
				t.Errorf("account %s keeps %d bytes", a.ID, len(a.Extra.Raw))
			}
		}
		if !got.Complete || beyond < len(got.Records) || len(got.Records) == 0 {
			t.Errorf("%d accounts, complete %v, with the anomalies %v", len(got.Records), got.Complete, got.Anomalies)
		}
	})
}

func accounts(t *testing.T, source *connectors.Source) connectors.Listing[connectors.Account] {
	t.Helper()
	got, err := source.Accounts.List(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// checkRaw checks what is kept of one row.
func checkRaw(t *testing.T, a *connectors.Account) {
	t.Helper()
	if a.Extra == nil || len(a.Extra.Raw) == 0 {
		t.Fatalf("account %s: nothing is kept of its row", a.ID)
	}
	var row map[string]any
	if err := json.Unmarshal(a.Extra.Raw, &row); err != nil {
		t.Fatalf("account %s: %v", a.ID, err)
	}
	if row["planted_note"] != "kept" {
		t.Errorf("account %s: a member that nobody reads is not kept: %s", a.ID, a.Extra.Raw)
	}
	if bytes.Contains(a.Extra.Raw, []byte(planted)) {
		t.Errorf("account %s: a secret is kept: %s", a.ID, a.Extra.Raw)
	}
	encoder := wire.NewEncoder(nil)
	connectors.ExtraFields(encoder, a.Extra)
	var stored connectors.Extra
	decoder := wire.NewDecoder(encoder.Output())
	if connectors.ExtraFields(decoder, &stored); decoder.Err() != nil || !cmp.Equal(*a.Extra, stored) {
		t.Errorf("account %s: %+v out of a store (%v)", a.ID, stored, decoder.Err())
	}
}

// planting puts secrets into each object of each row: under the names that the kind never shows, under names of secrets, and in addresses.
func planting(fake http.Handler, never []string) http.Handler {
	names := slices.Concat(never, []string{"authToken", "Password_Hash", "client-secret", "sessionId", "apiKey"})
	return rewriting(fake, func(object map[string]any) {
		secret := map[string]any{"planted_note": "kept", "planted_link": "https://example.com/a?x=1&access_token=" + planted,
			"planted_login": "https://user:" + planted + "@example.com/", "planted_links": []any{"https://example.com/#token=" + planted},
			"planted_text": "Wiki: https://ann:" + planted + "@wiki.example/", "planted_path": "/avatar/ann?rc_uid=1&rc_token=" + planted,
			"planted_json": `{"token":"` + planted + `"}`, "planted_hash": "$2b$10$" + planted,
			"planted_fields": []any{map[string]any{"field_name": "API token", "values": []any{map[string]any{"value": planted}}}, map[string]any{"name": "password", "text": planted}}}
		for i, name := range names {
			if _, used := object[name]; used {
				continue // the connector reads it
			}
			secret[name] = []any{planted, []any{planted}, map[string]any{"value": planted}}[i%3]
			secret[strings.ToUpper(name)] = planted
			secret[snake(name)] = planted
		}
		for name, value := range secret {
			object[name] = value
		}
	})
}

// rewriting changes each object below a list of a JSON answer.
func rewriting(fake http.Handler, change func(map[string]any)) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer := httptest.NewRecorder()
		fake.ServeHTTP(answer, r)
		body := answer.Body.Bytes()
		d := json.NewDecoder(bytes.NewReader(body))
		d.UseNumber()
		var document any
		if d.Decode(&document) == nil {
			changeRows(document, false, change)
			if changed, err := json.Marshal(document); err == nil {
				body = changed
			}
		}
		for name, values := range answer.Header() {
			w.Header()[name] = values
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(body)))
		w.WriteHeader(answer.Code)
		_, _ = w.Write(body)
	})
}

func changeRows(v any, inList bool, change func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		for _, inner := range v {
			changeRows(inner, inList, change)
		}
		if inList {
			change(v)
		}
	case []any:
		for _, item := range v {
			changeRows(item, true, change)
		}
	}
}

// snake returns a name with its words in lower case and underscores between them.
func snake(name string) string {
	var b strings.Builder
	for i, r := range name {
		if i > 0 && unicode.IsUpper(r) {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}
