package resolvers_test

import (
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/resolvers"
)

// There is one error for each definition, however often it is selected. Other fields have their values.
func TestDeniedFields(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, private("canary").company()...).read()
	ask := overHTTP(w.withAuthentication())
	for name, tc := range map[string]struct {
		document string
		want     string
	}{
		"once for all items, places and names": {
			`{users{nodes{phones{raw} again:phones{kind}}} more:users{nodes{name ...F}}} fragment F on User{phones{number}}`,
			`User.phones@1:14 in users.nodes.0.phones`,
		},
		"each definition": {
			`{users{nodes{phones{raw} addresses accounts{name ...on WorksectionAccount{rate phones{raw}} ...on KommoAccount{phones{raw}}}}} contacts{nodes{phones{raw}}}}`,
			`User.phones@1:14 in users.nodes.0.phones User.addresses@1:26 in users.nodes.0.addresses
				WorksectionAccount.rate@1:75 in users.nodes.0.accounts.0.rate WorksectionAccount.phones@1:80 in users.nodes.0.accounts.0.phones
				KommoAccount.phones@1:112 in users.nodes.0.accounts.1.phones Contact.phones@1:143 in contacts.nodes.0.phones`,
		},
		"what is left out":                 {`{users{nodes{name phones @skip(if:true){raw} ...on User @include(if:false){addresses}}}}`, ``},
		"where nobody is":                  {`{users(filter:{search:"nobody"}){nodes{phones{raw}}}}`, `User.phones@1:40`},
		"in the first place that there is": {`{none:users(filter:{search:"nobody"}){nodes{...F}} users{nodes{...F}}} fragment F on User{phones{raw}}`, `User.phones@1:91 in users.nodes.0.phones`},
		"nothing of the kind":              {`{users{nodes{name emails{address}}}}`, ``},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			text := ask(t, onlyRead, tc.document, nil)
			var got []string
			var a struct {
				Errors []struct {
					answerError
					Locations []struct{ Line, Column int }
				}
			}
			if err := json.Unmarshal([]byte(text), &a); err != nil {
				t.Fatal(err)
			}
			for _, e := range a.Errors {
				got = append(got, fmt.Sprintf("%v@%d:%d", e.Extensions["coordinate"], e.Locations[0].Line, e.Locations[0].Column))
				if len(e.Path) > 0 {
					got = append(got, "in", strings.Trim(strings.ReplaceAll(fmt.Sprint(e.Path), " ", "."), "[]"))
				}
				if e.Extensions["code"] != "FORBIDDEN" || !strings.Contains(e.Message, "directory:sensitive") {
					t.Errorf("the error is %+v", e)
				}
			}
			if diff := cmp.Diff(strings.Join(strings.Fields(tc.want), " "), strings.Join(got, " ")); diff != "" {
				t.Errorf("errors (-want +got):\n%s", diff)
			}
			if strings.Contains(text, "canary") || strings.Contains(text, "must not be null") {
				t.Errorf("the answer is %s", text)
			}
			if all := parsed(t, ask(t, sensitive, tc.document, nil)); len(all.Errors) > 0 {
				t.Errorf("a caller with the scope gets %v", all.Errors)
			}
		})
	}
}

// Directories that differ only in denied values have the same answers, whatever the query.
func TestDeniedValuesDoNotLeak(t *testing.T) {
	t.Parallel()
	var servers []send
	for _, p := range []private{"canary", "zebra-canary", ""} {
		servers = append(servers, overHTTP(newTestServer(t, p.company()...).read().withAuthentication()))
	}
	schema := (&resolvers.Resolver{}).Schema().Schema()
	everythingThere := "query" + everything(schema, schema.Query, 3)
	same := func(t rapid.TB, document string, vars map[string]any) answer {
		var first string
		for i, ask := range servers {
			text := readAt.ReplaceAllString(ask(t, onlyRead, document, vars), "$1:then")
			if strings.Contains(text, "canary") || strings.Contains(text, "7.7000") {
				t.Fatalf("a denied value is in the answer: %s\n%s", document, text)
			}
			if i == 0 {
				first = text
			}
			if text != first {
				t.Fatalf("%s %v distinguishes the directories:\n%s\n%s", document, vars, first, text)
			}
		}
		return parsed(t, servers[0](t, onlyRead, document, vars))
	}
	same(t, everythingThere, nil)
	if text := servers[0](t, sensitive, everythingThere, nil); !strings.Contains(text, "canary") {
		t.Fatal("there are no denied values")
	}
	rapid.Check(t, func(t *rapid.T) {
		document, vars := drawOperation(t)
		for range 3 { // and the next pages
			a := same(t, document, vars)
			cursor := text(a.Data, "page", "pageInfo", "endCursor")
			if cursor == "" {
				return
			}
			vars["after"] = cursor
		}
	})
}

// readAt matches the times of fetches, which differ between servers.
var readAt = regexp.MustCompile(`("asOf"|"syncedAt"|"triedAt"):"[^"]*"`)

// drawOperation draws a list with a search, filter, order and facets. The words are of denied values and of others.
func drawOperation(t *rapid.T) (document string, vars map[string]any) {
	word := rapid.SampledFrom([]string{
		"canary", "zebra", "canary-raw", "canary-e164", "canary-street", "street", "raw", "77000638", "7.7", "canary-key", "canary-other", "ann", "lee", "c", "cem", "x",
	})
	vars = map[string]any{"search": word.Draw(t, "search"), "first": rapid.IntRange(0, 3).Draw(t, "first")}
	if rapid.Bool().Draw(t, "no search") {
		vars["search"] = ""
	}
	direction := rapid.SampledFrom([]string{"ASC", "DESC"}).Draw(t, "direction")
	if rapid.Bool().Draw(t, "contacts") {
		field := rapid.SampledFrom([]string{"NAME", "EMAIL", "CREATED_AT", "UPDATED_AT"}).Draw(t, "order")
		facet := rapid.SampledFrom([]string{"SOURCE", "FOLDER", "TAG", "OWNER"}).Draw(t, "facet")
		return fmt.Sprintf(`query($search:String,$first:Int,$after:String){page:contacts(first:$first,after:$after,filter:{search:$search},orderBy:{field:%s,direction:%s}){
			totalCount facets(by:%s){value label count} pageInfo{endCursor hasNextPage} nodes{id name phones{raw number kind} addresses owner{name phones{raw}}}}}`, field, direction, facet), vars
	}
	field := rapid.SampledFrom([]string{"NAME", "EMAIL", "CREATED_AT", "ACCESS_LEVEL", "ACCOUNTS"}).Draw(t, "order")
	facet := rapid.SampledFrom([]string{"SOURCE", "SOURCE_SET", "TEAM", "ROLE", "DEPARTMENT", "ACCESS_LEVEL", "ACTIVE", "LOCALE"}).Draw(t, "facet")
	more := rapid.SampledFrom([]string{"", "departments:[\"canary-street\"]", "locales:[\"canary\"]", "hasPossibleDuplicates:true", "minAccounts:2", "active:true"}).Draw(t, "filter")
	return fmt.Sprintf(`query($search:String,$first:Int,$after:String){page:users(first:$first,after:$after,filter:{search:$search %s},orderBy:{field:%s,direction:%s}){
		totalCount facets(by:%s){value label count} pageInfo{endCursor hasNextPage} nodes{id name phones{raw} possibleDuplicates{name addresses}
		accounts{name ...on WorksectionAccount{rate chats{service} socials{value} otherContacts phones{raw}} ...on RocketChatAccount{customFields}}}}
		entities:_entities(representations:[{__typename:"User",email:"%s"}]){...on User{name phones{raw}}}}`,
		more, field, direction, facet, word.Draw(t, "key")), vars
}

// Callers who share a server, with its cached documents and the memory of answers, each get their own answer, also concurrently.
func TestCallersAlternate(t *testing.T) {
	t.Parallel()
	w := newTestServer(t, private("canary").company()...).read()
	ask := overHTTP(w.withAuthentication())
	const document = `{users{nodes{name phones{raw}}} viewer{scopes}}`
	for i := range 10 {
		if text := ask(t, onlyRead, document, nil); strings.Contains(text, "canary") || !strings.Contains(text, "FORBIDDEN") {
			t.Fatalf("turn %d: the caller without the scope gets %s", i, text)
		}
		if text := ask(t, sensitive, document, nil); !strings.Contains(text, "canary-raw") || strings.Contains(text, "FORBIDDEN") {
			t.Fatalf("turn %d: the caller with the scope gets %s", i, text)
		}
	}
	var together sync.WaitGroup
	for range 4 {
		for _, scopes := range []string{onlyRead, sensitive} {
			together.Go(func() {
				for range 50 {
					if text := ask(t, scopes, document, nil); strings.Contains(text, "canary") == strings.Contains(text, "FORBIDDEN") ||
						strings.Contains(text, "canary") != (scopes == sensitive) {
						t.Errorf("%s gets %s", scopes, text)
					}
				}
			})
		}
	}
	together.Wait()
}
