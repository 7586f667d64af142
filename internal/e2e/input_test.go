package e2e_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// someIDs are IDs and cursors of the demo's company.
type someIDs struct{ user, team, role, userCursor, teamCursor string }

func idsOf(t *testing.T, p *program) someIDs {
	t.Helper()
	type page struct {
		Nodes    []struct{ ID string }
		PageInfo struct{ EndCursor string }
	}
	var data struct{ Users, Teams, Roles page }
	p.ask(t, `{ users(first: 1) { nodes { id } pageInfo { endCursor } } teams(first: 1) { nodes { id } pageInfo { endCursor } }
		roles(first: 1) { nodes { id } pageInfo { endCursor } } }`, nil).into(t, &data)
	return someIDs{
		data.Users.Nodes[0].ID, data.Teams.Nodes[0].ID, data.Roles.Nodes[0].ID, data.Users.PageInfo.EndCursor, data.Teams.PageInfo.EndCursor,
	}
}

// vars are the variables of a query.
type vars = map[string]any

// A query with something wrong in it gets one error that says what, and the fields beside it are answered.
func TestBadArguments(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	ids := idsOf(t, p)
	for name, test := range map[string]struct {
		field string // of the query
		says  string // part of the message
	}{
		"first is negative":        {field: `users(first: -1) { totalCount }`, says: "first: must be between 0 and 500, not -1"},
		"first is too large":       {field: `users(first: 501) { totalCount }`, says: "first: must be between 0 and 500, not 501"},
		"last is too large":        {field: `contacts(last: 501) { totalCount }`, says: "last: must be between 0 and 500, not 501"},
		"first and last":           {field: `users(first: 1, last: 1) { totalCount }`, says: "first or last, not both"},
		"broken cursor":            {field: `users(after: "zzz") { totalCount }`, says: "after: is not a cursor"},
		"empty cursor":             {field: `users(after: "") { totalCount }`, says: "after: is not a cursor"},
		"another list's cursor":    {field: `users(after: "` + ids.teamCursor + `") { totalCount }`, says: "after: is a cursor of another list"},
		"another order's cursor":   {field: `users(before: "` + ids.userCursor + `", orderBy: { field: EMAIL }) { totalCount }`, says: "another order"},
		"the other way's cursor":   {field: `users(before: "` + ids.userCursor + `", orderBy: { direction: DESC }) { totalCount }`, says: "another order"},
		"a user among teams":       {field: `users(filter: { teams: ["` + ids.user + `"] }) { totalCount }`, says: "is the ID of a User, not of a Team"},
		"a team among roles":       {field: `users(filter: { roles: ["` + ids.team + `"] }) { totalCount }`, says: "is the ID of a Team, not of a Role"},
		"a role among folders":     {field: `contacts(filter: { folders: ["` + ids.role + `"] }) { totalCount }`, says: "is the ID of a Role"},
		"a team as an owner":       {field: `contacts(filter: { owners: ["` + ids.team + `"] }) { totalCount }`, says: "is the ID of a Team, not of a User"},
		"no ID at all":             {field: `users(filter: { teams: ["team-1"] }) { totalCount }`, says: "is not an ID of this graph"},
		"unknown source":           {field: `users(filter: { allSources: ["slack"] }) { totalCount }`, says: `there is no source named "slack"`},
		"unknown source elsewhere": {field: `users(filter: { accounts: [{ sources: ["slack"] }] }) { totalCount }`, says: `"slack"`},
		"unknown source of roles":  {field: `roles(filter: { sources: ["slack"] }) { totalCount }`, says: `"slack"`},
		"too few accounts":         {field: `users(filter: { accounts: [{ min: -1 }] }) { totalCount }`, says: "min: must not be negative"},
		"too many facets":          {field: `users(first: 0) { facets(by: TEAM, first: 501) { value } }`, says: "first: must be between"},
		"a user by a team's ID":    {field: `user(by: { id: "` + ids.team + `" }) { name }`, says: "by.id: "},
		"a user by no ID":          {field: `user(by: { id: "!!" }) { name }`, says: "by.id: "},
		"a user of no source": {field: `user(by: { account: { source: "slack", externalId: "1" } }) { name }`,
			says: `by.account.source: there is no source named "slack"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := p.ask(t, "{ bad: "+test.field+" beside: sources { name } }", nil)
			if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, test.says) || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" {
				t.Errorf("errors: %+v, want one BAD_USER_INPUT that says %q", a.Errors, test.says)
			}
			var data struct {
				Bad    any
				Beside []struct{ Name string }
			}
			if err := json.Unmarshal(a.Data, &data); err != nil || data.Bad != nil || len(data.Beside) != 4 || a.Status != http.StatusOK {
				t.Errorf("HTTP %d, data %s, want null beside four sources", a.Status, a.Data)
			}
			if len(a.Errors) == 1 && (len(a.Errors[0].Path) == 0 || a.Errors[0].Path[0] != "bad") {
				t.Errorf("the error's path is %v, want it to begin with bad", a.Errors[0].Path)
			}
		})
	}
}

// More objects than one query may ask for are refused; nodes itself is never null, so that nothing is left of the answer.
func TestTooManyNodes(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	ids := make([]string, 101)
	for i := range ids {
		ids[i] = "VXg"
	}
	const query = `query($ids: [ID!]!) { nodes(ids: $ids) { id } }`
	a := p.ask(t, query, vars{"ids": ids})
	if len(a.Errors) != 1 || a.Errors[0].Message != "ids: at most 100, not 101" || a.Errors[0].Extensions.Code != "BAD_USER_INPUT" {
		t.Errorf("errors: %+v", a.Errors)
	}
	var data struct{ Nodes []any }
	p.ask(t, query, vars{"ids": ids[:100]}).into(t, &data)
	if diff := cmp.Diff(make([]any, 100), data.Nodes); diff != "" {
		t.Errorf("a hundred IDs that nothing has (-want +got):\n%s", diff)
	}
}

// A document or variables that do not fit the schema are refused before anything is looked up.
func TestBadDocuments(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	const parse, validate, input = "GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT"
	lookup := `query($by: UserLookup!) { user(by: $by) { name } }`
	order := `query($order: UserOrder) { users(orderBy: $order) { totalCount } }`
	for name, test := range map[string]struct {
		query      string
		variables  vars
		code, says string
	}{
		"syntax error":          {query: "{ users {", code: parse, says: "Expected Name"},
		"too many tokens":       {query: "{" + strings.Repeat(" sources { id }", 5000) + "}", code: "LIMIT_EXCEEDED", says: "more than 5000 tokens"},
		"too deep":              {query: "{" + strings.Repeat("a{", 3000) + "b" + strings.Repeat("}", 3000) + "}", code: "LIMIT_EXCEEDED", says: "limit is 12 levels"},
		"unknown field":         {query: "{ users { nodes { nickname } } }", code: validate, says: `"nickname"`},
		"unknown argument":      {query: "{ users(firts: 1) { totalCount } }", code: validate, says: `"firts"`},
		"unknown enum value":    {query: "{ users(orderBy: { field: AGE }) { totalCount } }", code: validate, says: `"AGE"`},
		"unknown enum variable": {query: order, variables: vars{"order": vars{"field": "AGE"}}, code: input, says: `variable "$order", at field: "AGE" is not a value of UserOrderField`},
		"beyond 64 bits":        {query: "{ users(first: 99999999999999999999) { totalCount } }", code: validate, says: "32-bit"},
		"a fraction":            {query: "{ users(first: 1.5) { totalCount } }", code: validate, says: "Int"},
		"two keys":              {query: `{ user(by: { id: "a", email: "b" }) { name } }`, code: validate, says: "exactly one key"},
		"no key":                {query: `{ user(by: {}) { name } }`, code: validate, says: "exactly one key"},
		"a key of null":         {query: `{ user(by: { id: null }) { name } }`, code: validate, says: "non-null"},
		"a key that may be null": {query: `query($id: ID) { user(by: { id: $id }) { name } }`, variables: vars{"id": nil}, code: validate,
			says: "must be non-nullable"},
		"unknown key":               {query: lookup, variables: vars{"by": vars{"phone": "1"}}, code: input, says: `variable "$by", at phone: UserLookup has no such field`},
		"null for a variable":       {query: lookup, variables: vars{"by": nil}, code: input, says: `variable "$by": cannot be null`},
		"no variable":               {query: lookup, code: input, says: `variable "$by": a value is required`},
		"two keys by a variable":    {query: lookup, variables: vars{"by": vars{"id": "a", "email": "a@b.test"}}, code: input, says: "exactly one"},
		"no key by a variable":      {query: lookup, variables: vars{"by": vars{}}, code: input, says: "exactly one"},
		"a variable's key of null":  {query: lookup, variables: vars{"by": vars{"id": nil}}, code: input, says: "exactly one"},
		"another key of null":       {query: lookup, variables: vars{"by": vars{"id": "a", "email": nil}}, code: input, says: "exactly one"},
		"a variable beyond 32 bits": {query: `query($n: Int) { users(first: $n) { totalCount } }`, variables: vars{"n": 3_000_000_000}, code: input, says: "3000000000"},
		"an object for a number":    {query: `{ users(first: {}) { totalCount } }`, code: validate, says: "Int cannot represent an object"},
		"32 bits in a literal":      {query: `{ users(first: -2147483649) { totalCount } }`, code: validate, says: "-2147483649"},
		"which of two":              {query: "query A { sources { id } } query B { sources { id } }", code: validate, says: "operationName"},
		"no such mutation":          {query: "mutation { sources { id } }", code: validate, says: "Mutation"},
		"no such subscription":      {query: "subscription { sources { id } }", code: validate, says: "Subscription"},
		"unknown fragment":          {query: "{ sources { ...Nobody } }", code: validate, says: `"Nobody"`},
		"fragments in a circle":     {query: "{ sources { ...A } } fragment A on Source { ...B } fragment B on Source { ...A }", code: validate, says: `"A"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := p.ask(t, test.query, test.variables)
			if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != test.code || !strings.Contains(a.Errors[0].Message, test.says) {
				t.Errorf("errors: %+v, want one %s that says %q", a.Errors, test.code, test.says)
			}
			if a.Status != http.StatusOK || (len(a.Data) > 0 && string(a.Data) != "null") {
				t.Errorf("HTTP %d with data %s, want 200 without", a.Status, a.Data)
			}
		})
	}
}

// What is not GraphQL over HTTP gets an answer in its form all the same.
func TestBadRequests(t *testing.T) {
	t.Parallel()
	p := theDemo(t)
	const good, jsonType = `{"query":"{ sources { id } }"}`, "application/json"
	for name, test := range map[string]struct {
		method, address, contentType, body string
		header                             []string
		status                             int
		says                               string
	}{
		"too large":           {contentType: jsonType, body: good + strings.Repeat(" ", 1<<20), status: 413, says: "larger than"},
		"not compressed":      {contentType: jsonType, body: good, header: []string{"Content-Encoding", "gzip"}, status: 400, says: "cannot be decompressed"},
		"compressed by LZW":   {contentType: jsonType, body: good, header: []string{"Content-Encoding", "compress"}, status: 415, says: "gzip, zstd, br"},
		"a form":              {contentType: "application/x-www-form-urlencoded", body: good, status: 415, says: "application/json"},
		"plain text":          {contentType: "text/plain", body: good, status: 415, says: "application/json"},
		"no content type":     {body: good, status: 415, says: "application/json"},
		"no JSON":             {contentType: jsonType, body: "sources { id }", status: 400, says: "must be a JSON object"},
		"no body":             {contentType: jsonType, status: 400, says: "must be a JSON object"},
		"no query":            {contentType: jsonType, body: `{"variables":{}}`, status: 400, says: "no query"},
		"an empty query":      {contentType: jsonType, body: `{"query":""}`, status: 400, says: "no query"},
		"half a body":         {contentType: jsonType, body: good[:20], status: 400, says: "must be a JSON object"},
		"a list of queries":   {contentType: jsonType, body: "[" + good + "]", status: 400, says: "must be a JSON object"},
		"a number as a query": {contentType: jsonType, body: `{"query":5}`, status: 400, says: "must be a JSON object"},
		"variables in a list": {contentType: jsonType, body: `{"query":"{ sources { id } }","variables":[]}`, status: 400, says: "must be a JSON object"},
		"GET without a query": {method: http.MethodGet, status: 400, says: "no query"},
		"GET of a mutation": {method: http.MethodGet, status: 405, says: "GET is for queries",
			address: "?query=mutation%7BrefreshSource(input%3A%7Bsource%3A%22kommo%22%7D)%7Boutcome%7D%7D"},
		"GET with bad variables": {method: http.MethodGet, address: "?query=%7Bsources%7Bid%7D%7D&variables=%7B", status: 400,
			says: "variables must be a JSON object"},
		"GET with a bad address": {method: http.MethodGet, address: "?query=%zz", status: 400, says: "not well-formed"},
		"PUT":                    {method: http.MethodPut, contentType: jsonType, body: good, status: 405, says: "POST or GET"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			method := http.MethodPost
			if test.method != "" {
				method = test.method
			}
			a := p.send(t, method, test.address, test.contentType, []byte(test.body), test.header...)
			if a.Status != test.status {
				t.Errorf("HTTP %d, want %d", a.Status, test.status)
			}
			if len(a.Errors) != 1 || !strings.Contains(a.Errors[0].Message, test.says) || len(a.Errors[0].Message) > 200 {
				t.Errorf("errors: %+v, want a short one that says %q", a.Errors, test.says)
			}
		})
	}
}
