package resolvers_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/coder/websocket"
	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
)

// The answers to those who ask for nothing but the change are those that gqlgen makes, byte for byte. It makes the answer if the client asks for node too.
func TestAnswersAboutAChangeAloneAreThoseOfGqlgen(t *testing.T) {
	t.Parallel()
	c := newCompany(t, plenty)
	from := c.cursor(t)
	c.ws.Store(&[]connectors.Account{
		{ID: "1", Name: "Ann \"<é\u2028\\\n", Title: "Boss", Emails: mail("ann@example.com"), Phones: []connectors.Phone{{Raw: "+4420"}}, Active: true},
		{ID: "2", Name: "Bob", Emails: mail("bob@example.com"), Active: true},
	})
	next, _ := bySocket(c, t, onlyRead, fmt.Sprintf("(after: %q)", from))
	told := 1
	for next().Label != "Bob" {
		told++
	}
	conns := map[string]*websocket.Conn{}
	for _, scopes := range []string{onlyRead, sensitive} {
		conn := connect(t, c.url, "."+scopes)
		t.Cleanup(func() { _ = conn.CloseNow() })
		conns[scopes] = conn
	}
	before, _ := c.api.Planned()
	documents := 0
	rapid.Check(t, func(t *rapid.T) {
		document := subscriptionTo(t)
		conn := conns[rapid.SampledFrom([]string{onlyRead, sensitive}).Draw(t, "scopes")]
		all := func(more string) (answers []string) {
			documents++
			id := fmt.Sprint(documents)
			sendMessage(t, conn, map[string]any{"type": "subscribe", "id": id, "payload": map[string]any{
				"query": fmt.Sprintf(document, more), "variables": map[string]any{"after": from},
			}})
			for range told {
				kind, payload := receiveOf(t, conn, id)
				if kind != "next" {
					t.Fatalf("%s %s", kind, payload)
				}
				text := string(payload)
				if i := strings.LastIndex(text, `,"zz":`); i >= 0 {
					text = text[:i] + "}}}"
				}
				answers = append(answers, text)
			}
			sendMessage(t, conn, map[string]any{"type": "complete", "id": id})
			return answers
		}
		if diff := cmp.Diff(all(" zz: node { id }"), all("")); diff != "" {
			t.Errorf("%s (-gqlgen +written directly):\n%s", document, diff)
		}
	})
	if after, _ := c.api.Planned(); int(after-before) != documents/2 {
		t.Errorf("%d of %d subscriptions were answered directly, want half of them", after-before, documents)
	}
}

// receiveOf receives the next message of an operation. Those of one that was completed can still be on their way: the states of sources change too.
func receiveOf(t rapid.TB, conn *websocket.Conn, id string) (kind string, payload json.RawMessage) {
	t.Helper()
	for {
		_, text, err := conn.Read(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		var m struct {
			Type, ID string
			Payload  json.RawMessage
		}
		if err := json.Unmarshal(text, &m); err != nil {
			t.Fatal(err)
		}
		if m.ID == id {
			return m.Type, m.Payload
		}
	}
}

// subscriptionTo returns a random subscription to changes, with a verb at the end of its selections.
func subscriptionTo(t *rapid.T) string {
	fields := []string{"cursor", "at", "kind", "action", "id", "relatedId", "label", "fields", "reset", "__typename"}
	forms := []string{" #", " ... { # }", " ... on Change { # ...F }", " ... @include(if: $yes) { # }", " # @skip(if: $yes)"}
	selection := "id"
	for i := range rapid.IntRange(0, 12).Draw(t, "number") {
		field := rapid.SampledFrom(fields).Draw(t, "field")
		if rapid.Bool().Draw(t, "alias") {
			field = fmt.Sprintf("x%d: %s", i, field)
		}
		selection += strings.Replace(rapid.SampledFrom(forms).Draw(t, "form"), "#", field, 1)
	}
	return fmt.Sprintf("subscription ($yes: Boolean! = %t, $after: String) { %schanges(after: $after) { ...F %s%%s } } fragment F on Change { reset o: label ... @skip(if: $yes) { id } }",
		rapid.Bool().Draw(t, "yes"), rapid.SampledFrom([]string{"", "told: "}).Draw(t, "key"), selection)
}
