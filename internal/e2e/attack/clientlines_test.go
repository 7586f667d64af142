//go:build linux

package attack_test

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strings"
	"time"
)

// clientLines are what a client asks.
func clientLines() []line {
	const invalid, tooLong, limited = "GRAPHQL_VALIDATION_FAILED", "a name may have 200", `"LIMIT_EXCEEDED"`
	long := func(letter string) string { return strings.Repeat(letter, 900<<10) }
	undefined := "users(filter: {in: [" + times(2300, " $v#") + "]}) { totalCount }" // two words each, of the 5,000 that a document may have
	id := strings.Repeat("!", 250<<10)
	search := map[string]any{"s": strings.Repeat("\ufdfa", 85<<10)}
	short := map[string]any{"s": strings.Repeat("\ufdfa", 2048/3)}
	return []line{
		{"a name of 1 MB over 2,300 undefined variables", bounds{2 * time.Second, 500, 80}, []specimen{
			{"of an operation", client(byPost(document("query " + long("n") + " {" + undefined + "}"))), 200, tooLong},
			{"three of them at once", client(atOnce(3, byPost(document("query "+long("n")+" {"+undefined+"}")))), 200, tooLong},
			{"of an alias", client(byPost(document("{ " + long("a") + ": " + undefined + "}"))), 200, tooLong},
			{"of a fragment", client(byPost(document("{ ..." + long("f") + " " + undefined + "}"))), 200, tooLong},
			{"of a directive", client(byPost(document("query @" + long("d") + " {" + undefined + "}"))), 200, tooLong},
			{"of a variable", client(byPost(document("query($" + long("v") + ": ID) {" + undefined + "}"))), 200, tooLong},
			{"of an operation that is not there", client(byPost(strings.TrimSuffix(document("query Q {"+undefined+"}"), "}") + `,"operationName":"` + long("n") + `"}`)), 200, limited},
			{"of 200 bytes", client(byPost(document("query " + strings.Repeat("n", 200) + " {" + undefined + "}"))), 200, invalid},
		}},
		{"a malformed ID of 250 kB over 100 fields", bounds{3 * time.Second, 300, 600}, []specimen{
			{"of an entity", client(byPost(document(entities, representations(1, id)))), 200, "is not an ID of this graph"},
			{"four of them at once", client(atOnce(4, byPost(document(entities, representations(1, id))))), 200, "is not an ID of this graph"},
			{"as the type of an entity", client(byPost(document(entities, map[string]any{"r": []any{map[string]any{"__typename": id}}}))), 200, "there is no entity of type"},
			{"among nodes", client(byPost(document("query($i: [ID!]!) {"+times(100, " a#: nodes(ids: $i) { id }")+"}", map[string]any{"i": []string{id}}))), 200, `"a99":[null]`},
			{"as a cursor", client(byPost(document("query($c: String!) {"+times(100, " a#: users(after: $c) { totalCount }")+"}", map[string]any{"c": id}))), 200, "cursor"},
			{"as the name of a source", client(byPost(document("query($s: String!) {"+times(100, ` a#: user(by: {account: {source: $s, externalId: "1"}}) { id }`)+"}", map[string]any{"s": id}))), 200, `"a99":null`},
			{"1,000 short ones", client(byPost(document(entities, representations(1000, "!")))), 200, limit("errors", 100)},
			{"1,000 short ones, for which there is no plan", client(byPost(document(entities, representations(1000, "!")), unplanned...)), 200, limit("errors", 100)},
		}},
		{"what waits for a source", bounds{6 * time.Second, 300, 600}, []specimen{
			{"the presence of 500 people over nine fields", client(byPost(document(there))), 200, `"a8"`},
			{"the same without a plan", client(byPost(document(there), unplanned...)), 200, `"a8"`},
			{"the presence of 500 people over ten fields", client(byPost(document(strings.Replace(there, "{", "{ more: users(first: 500) { nodes { presence presenceAsOf } }", 1)))), 200, limit("cost", 500_000)},
		}},
		{"15,000 phones in six mutations", bounds{3 * time.Second, 500, 100}, []specimen{
			{"15,000 phones", client(byPost(document(contacts, phones(15_000)))), 200, limit("list_items", 5000)},
			{"4,900 phones", client(byPost(document(contacts, phones(4_900)))), 200, "more errors"},
			{"4,900 postal addresses", client(byPost(document(strings.ReplaceAll(strings.ReplaceAll(contacts, "[PhoneInput!]", "[String!]"), "phones", "addresses"), map[string]any{"p": repeat(4900, "x")}))), 200, `"INVALID"`},
			{"4,900 kinds of records to read again", client(byPost(document("mutation($c: [CollectionKind!]) {"+times(100, ` a#: refreshSource(input: {source: "altcraft", collections: $c}) { userErrors { field code message } }`)+"}",
				map[string]any{"c": repeat(4900, "ROLES")}))), 200, limited},
		}},
		{"much to filter by", bounds{6 * time.Second, 500, 100}, []specimen{
			{"65,000 accounts of everybody", client(byPost(document("query($f: [AccountFilter!]) { users(filter: {accounts: $f}) { totalCount } }", map[string]any{"f": repeat(65_000, struct{}{})}))), 200, limit("list_items", 5000)},
			{"4,900 of them", client(byPost(document("query($f: [AccountFilter!]) { users(filter: {accounts: $f}) { totalCount } }", map[string]any{"f": repeat(4900, struct{}{})}))), 200, `"totalCount"`},
			{"4,900 that differ, and nobody waits", client(goneAfter(50*time.Millisecond, document("query($f: [AccountFilter!]) { users(filter: {accounts: $f}) { totalCount } }", different(4900)))), 0, ""},
			{"4,900 teams over 100 fields", client(byPost(document("query($f: [ID!]) {"+times(100, " a#: users(filter: {teams: $f}) { totalCount }")+"}", map[string]any{"f": repeat(4900, "VGtvbW1vLzE")}))), 200, `"a99"`},
			{"a search of 255 kB of one ligature over 100 fields", client(byPost(document("query($s: String) {"+times(100, " a#: users(filter: {search: $s}) { totalCount }")+"}", search))), 200, "2048"},
			{"one of 2 kB", client(byPost(document("query($s: String) {"+times(100, " a#: users(filter: {search: $s}) { totalCount }")+"}", short))), 200, "32 words"},
			{"one of 1,000 words", client(byPost(document("query($s: String) {"+times(100, " a#: contacts(filter: {search: $s}) { totalCount }")+"}", map[string]any{"s": strings.Repeat("a ", 1000)}))), 200, `"a99"`},
		}},
	}
}

// unplanned is a header with which gqlgen executes an operation, and not a plan.
var unplanned = []string{"X-Roster-Source-Token", "worksection=x"}

// there asks 4,500 times for presence.
var there = "{" + times(9, " a#: users(first: 500) { nodes { presence presenceAsOf } }") + "}"

func repeat(n int, item any) []any {
	list := make([]any, n)
	for i := range list {
		list[i] = item
	}
	return list
}

// different are filters of accounts of which no two say the same.
func different(n int) any {
	list := make([]any, n)
	for i := range list {
		list[i] = map[string]any{"min": i + 1, "sources": []string{"kommo", "altcraft"}[rand.IntN(2):]}
	}
	return map[string]any{"f": list}
}

// atOnce sends an attack n times at once, and gives what is answered to the last.
func atOnce(n int, do func(*target, *http.Client) answer) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) (got answer) {
		answers := make(chan answer, n)
		for range n {
			go func() { answers <- do(p, c) }()
		}
		for range n {
			got = <-answers
		}
		return got
	}
}

// goneAfter sends an operation for which its client does not wait.
func goneAfter(patience time.Duration, body string) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) answer {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		p.sendWithin(ctx, c, http.MethodPost, "", strings.NewReader(body))
		return answer{}
	}
}
