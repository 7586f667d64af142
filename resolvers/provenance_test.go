package resolvers_test

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
)

const allOfProvenance = `{field state rule account{source{name} externalId} observedAt changedAt conflict
	candidates{account{source{name}} value observedAt chosen reason} sources{source{name} state}}`

// explained writes the provenance of each field on a few lines, without times.
func explained(list any) string {
	var b strings.Builder
	items, _ := list.([]any)
	for i := range items {
		p := items[i]
		fmt.Fprintf(&b, "%s %s %s", text(p, "field"), text(p, "state"), text(p, "rule"))
		if in(p, "account") != nil {
			fmt.Fprintf(&b, " from %s/%s", text(p, "account", "source", "name"), text(p, "account", "externalId"))
		}
		fmt.Fprintf(&b, " conflict=%v observed=%t", in(p, "conflict"), in(p, "observedAt") != nil)
		sources, _ := in(p, "sources").([]any)
		for s := range sources {
			fmt.Fprintf(&b, " %s=%s", text(sources, s, "source", "name"), text(sources, s, "state"))
		}
		b.WriteString("\n")
		candidates, _ := in(p, "candidates").([]any)
		for c := range candidates {
			value, _ := json.Marshal(in(candidates, c, "value"))
			fmt.Fprintf(&b, "    %s %s chosen=%v %s observed=%t\n", text(candidates, c, "account", "source", "name"), value, in(candidates, c, "chosen"),
				text(candidates, c, "reason"), in(candidates, c, "observedAt") != nil)
		}
	}
	return b.String()
}

// The table shows the whole provenance of a person for callers with each set of scopes. It is for people to read.
func TestProvenanceByScopes(t *testing.T) {
	t.Parallel()
	w := newTestServerOf(t, fetchedOnce(private("canary").company())).read()
	ask := overHTTP(w.withAuthentication())
	var b strings.Builder
	b.WriteString("The provenance of a person, for callers with these scopes. Written by TestProvenanceByScopes.\n")
	seen := make(map[string]string)
	for _, set := range scopeSets() {
		whole := ask(t, set, `{user(by:{email:"ann@example.com"}){provenance`+allOfProvenance+`}}`, nil)
		if !strings.Contains(set, sensitive[len(onlyRead)+1:]) && strings.Contains(whole, "canary") {
			t.Errorf("with %q there is a denied value: %s", set, whole)
		}
		a := parsed(t, whole)
		table := explained(in(a.Data, "user", "provenance"))
		if table == "" {
			table = "refused: " + a.Errors[0].Message + "\n"
		}
		if as, known := seen[table]; known {
			fmt.Fprintf(&b, "\n[%s]\nas [%s]\n", set, as)
			continue
		}
		seen[table] = set
		fmt.Fprintf(&b, "\n[%s]\n%s", set, table)
	}
	golden(t, "testdata/provenance.golden", b.String())
}

func golden(t *testing.T, file, got string) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s: run the test with -update, and read the difference (-want +got):\n%s", file, diff)
	}
}

func TestProvenanceOfNamedFields(t *testing.T) {
	bubble(t, func(t *testing.T) {
		named := func(id, title, username string) connectors.Account {
			return connectors.Account{ID: id, Title: title, Username: username, Emails: mail("ann@example.com"), Active: true}
		}
		a, b := ws(), crm()
		a.Accounts, b.Accounts = all(named("1", "", "ann.lee")), all(named("2", "Seller", "ann"))
		w := newTestServer(t, a, b).read()
		got := explained(in(w.get(`{user(by:{email:"ann@example.com"}){provenance(fields:["title","name","title"])`+allOfProvenance+`}}`), "user", "provenance"))
		want := `title PRESENT PRECEDENCE from crm/2 conflict=false observed=true ws=EMPTY_AT_SOURCE crm=PRESENT
    crm "Seller" chosen=true PREFERRED observed=true
name PRESENT FALLBACK from ws/1 conflict=true observed=true ws=PRESENT crm=PRESENT
    ws "ann.lee" chosen=true PREFERRED observed=true
    crm "ann" chosen=false LESS_PREFERRED observed=true
`
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("-want +got:\n%s", diff)
		}
		if got := w.get(`{user(by:{email:"ann@example.com"}){provenance(fields:[]){field}}}`); len(in(got, "user", "provenance").([]any)) != 0 {
			t.Errorf("no field is asked for: %v", got)
		}
		for field, hint := range map[string]string{"titel": "; did you mean title?", "xyz": ""} {
			e := w.ask(`query($f:String!){user(by:{email:"ann@example.com"}){name provenance(fields:[$f]){field}}}`, "f", field).Errors
			if len(e) != 1 || e[0].Message != `fields: there is no provenance of a field "`+field+`"`+hint || e[0].Extensions["code"] != "BAD_USER_INPUT" {
				t.Errorf("%s: %v", field, e)
			}
		}
	})
}
