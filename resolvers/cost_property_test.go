package resolvers_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/connectors/kommo"
	"roster/connectors/worksection"
	"roster/internal/httpapi"
	"roster/resolvers"
)

// For any directory and any query, an answer never has more values than the operation's estimated cost.
func TestNoAnswerIsLargerThanItsEstimate(t *testing.T) {
	t.Parallel()
	schema := (&resolvers.Resolver{}).Schema().Schema()
	asked, answered := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sources := drawSources(rt)
		documents := make([]string, 4)
		for i := range documents {
			d := drawn{t: rt, schema: schema}
			documents[i] = "query($id: ID!, $ids: [ID!]!, $representations: [_Any!]!) { " + d.selection(schema.Query, 0) +
				" node(id: $id) { id } nodes(ids: $ids) { ... on User { teams { id } " + d.selection(schema.Types["User"], mostLevels-2) +
				"} } _entities(representations: $representations) { ... on User { emails { sources { id } } accounts { id } } } }"
		}
		picks := rapid.SliceOfN(rapid.IntRange(0, 99), 1, 12).Draw(rt, "picks")
		synctest.Test(t, func(t *testing.T) {
			w := newTestServer(t, sources...).read()
			l := httpapi.DefaultLimits()
			l.Cost, l.Aliases, l.Depth, l.RootFields = 300_000, 1000, 40, 100
			w.handler = httpapi.New(httpapi.Options{API: w.api, Introspection: true, Limits: l})
			variables := named(w, picks)
			for _, document := range documents {
				asked++
				requested, values, ok := weigh(t, w.handler, document, variables)
				if ok {
					answered++
				}
				if values > requested {
					t.Fatalf("%d values, estimated %d: %s %v", values, requested, document, variables)
				}
			}
		})
	})
	if answered < asked/4 {
		t.Errorf("only %d of %d documents have been answered: the others cost too much", answered, asked)
	}
}

// drawSources draws two sources with groups of different sizes, in which some people are in many groups.
func drawSources(t *rapid.T) []*connectors.Source {
	var sources []*connectors.Source
	for _, kind := range []connectors.KindName{"kommo", "worksection", "rocketchat"} {
		number := rapid.IntRange(0, 9)
		some := func(label string) int { return max(0, number.Draw(t, label)-4) }
		var accounts []connectors.Account
		for i := range number.Draw(t, "accounts") {
			a := connectors.Account{ID: fmt.Sprint(i), Name: "Person", Active: true}
			for range some("emails") {
				a.Emails = append(a.Emails, connectors.Email{Address: fmt.Sprintf("p%d@example.com", number.Draw(t, "email"))})
			}
			for range some("phones") {
				a.Phones = append(a.Phones, connectors.Phone{Raw: "1"})
			}
			for n := range some("teams") {
				a.Teams = append(a.Teams, connectors.TeamRef{ID: fmt.Sprint(n), Name: "Team"})
			}
			for n := range some("roles") {
				a.Roles = append(a.Roles, connectors.RoleRef{ID: fmt.Sprint(n), Name: "Role"})
			}
			switch kind {
			case "kommo":
				a.Details = &kommo.Details{Permissions: make([]connectors.Permission, some("permissions")),
					StagePermissions: make([]connectors.StagePermission, some("stages"))}
			case "worksection":
				a.Details = &worksection.Details{Chats: make([]connectors.Handle, some("chats")), Socials: make([]connectors.Handle, some("socials"))}
			}
			accounts = append(accounts, a)
		}
		s := &connectors.Source{Name: strings.ToLower(string(kind)), Kind: kind, Accounts: all(accounts...)}
		roles := make([]connectors.Role, some("roles"))
		for i := range roles {
			roles[i] = connectors.Role{ID: fmt.Sprint(i), Name: "Role", Permissions: make([]connectors.Permission, some("permissions"))}
		}
		contacts := make([]connectors.Contact, some("contacts"))
		for i := range contacts {
			contacts[i] = connectors.Contact{ID: fmt.Sprint(i), Name: "Contact", Tags: slices.Repeat([]string{"tag"}, some("tags")), OwnerID: fmt.Sprint(i),
				Folder: &connectors.FolderRef{ID: fmt.Sprint(some("folder")), Name: "Folder"}}
		}
		s.Roles, s.Contacts = all(roles...), all(contacts...)
		if rapid.Bool().Draw(t, "a collection is missing") {
			s.Teams = failing[connectors.Team](connectors.Error{Source: s.Name, Kind: connectors.KindUnavailable})
		}
		sources = append(sources, s)
	}
	return sources
}

// drawn draws a query.
type drawn struct {
	t      *rapid.T
	schema *ast.Schema
	fields int
	alias  int
}

const (
	mostFields = 25
	mostLevels = 9
)

func (d *drawn) selection(def *ast.Definition, level int) string {
	var b strings.Builder
	var fields ast.FieldList
	for _, f := range def.Fields {
		composite := d.schema.Types[f.Type.Name()].IsCompositeType()
		if f.Name != "_service" && f.Name != "worksection" && (!composite || level < mostLevels && d.fields < mostFields) {
			fields = append(fields, f)
		}
	}
	b.WriteString("__typename ")
	if len(fields) > 0 {
		for range rapid.IntRange(1, 4).Draw(d.t, "fields") {
			d.field(&b, rapid.SampledFrom(fields).Draw(d.t, "field"), level)
		}
	}
	if def.IsAbstractType() {
		for _, possible := range d.schema.GetPossibleTypes(def) {
			if rapid.IntRange(0, 2).Draw(d.t, "fragment") == 0 {
				fmt.Fprintf(&b, "... on %s { %s } ", possible.Name, d.selection(possible, level))
			}
		}
	}
	return b.String()
}

func (d *drawn) field(b *strings.Builder, f *ast.FieldDefinition, level int) {
	var arguments []string
	for _, a := range f.Arguments {
		switch a.Name {
		case "first":
			if rapid.Bool().Draw(d.t, "a size is given") {
				arguments = append(arguments, fmt.Sprintf("first: %d", rapid.IntRange(0, 9).Draw(d.t, "first")))
			}
		case "id", "ids", "representations":
			arguments = append(arguments, a.Name+": $"+a.Name)
		case "source":
			if a.Type.NonNull {
				arguments = append(arguments, `source: "none"`)
			}
		case "name":
			arguments = append(arguments, `name: "User"`)
		case "by":
			if values := d.schema.Types[a.Type.Name()].EnumValues; len(values) > 0 {
				arguments = append(arguments, "by: "+values[0].Name)
			} else {
				arguments = append(arguments, "by: {id: $id}")
			}
		}
	}
	d.alias++
	d.fields++
	fmt.Fprintf(b, "a%d: %s", d.alias, f.Name)
	if len(arguments) > 0 {
		fmt.Fprintf(b, "(%s)", strings.Join(arguments, ", "))
	}
	if t := d.schema.Types[f.Type.Name()]; t.IsCompositeType() {
		fmt.Fprintf(b, " { %s}", d.selection(t, level+1))
	}
	b.WriteString(" ")
}

// named returns variables that name people and groups, some of them several times and by different keys.
func named(w *testServer, picks []int) map[string]any {
	var ids []any
	var representations []any
	data := w.ask(`{ users(first: 500) { nodes { id email accounts { id } } } teams(first: 500) { nodes { id } } }`).Data
	people, _ := in(data, "users", "nodes").([]any)
	for i := range people {
		accounts, _ := in(people, i, "accounts").([]any)
		ids = append(ids, text(people, i, "id"))
		for n := range accounts {
			ids = append(ids, text(accounts, n, "id"))
			representations = append(representations, map[string]any{"__typename": "User", "id": text(people, i, "id")})
		}
		if email := text(people, i, "email"); email != "" {
			representations = append(representations, map[string]any{"__typename": "User", "email": strings.ToUpper(email)},
				map[string]any{"__typename": "User", "email": email})
		}
	}
	teams, _ := in(data, "teams", "nodes").([]any)
	for i := range teams {
		ids = append(ids, text(teams, i, "id"))
		representations = append(representations, map[string]any{"__typename": "Team", "id": text(teams, i, "id")})
	}
	ids, representations = append(ids, "bm9uZQ"), append(representations, map[string]any{"__typename": "User", "email": "nobody@example.com"})
	v := map[string]any{"id": ids[picks[0]%len(ids)], "ids": []any{}, "representations": []any{}}
	for _, p := range picks {
		v["ids"] = append(v["ids"].([]any), ids[p%len(ids)])
		v["representations"] = append(v["representations"].([]any), representations[p%len(representations)])
	}
	return v
}

// weigh runs a query, and returns its estimated cost and the number of values in its answer. If the query costs too much, ok is false.
func weigh(t *testing.T, h http.Handler, document string, variables map[string]any) (requested, values int, ok bool) {
	t.Helper()
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables, "extensions": map[string]any{"cost": true}})
	if err != nil {
		t.Fatal(err)
	}
	req := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/graphql", bytes.NewReader(body))
	req.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	h.ServeHTTP(rec, req)
	var a struct {
		Data       any
		Errors     []answerError
		Extensions struct{ Cost struct{ Requested int } }
	}
	if err := json.Unmarshal(rec.Body.Bytes(), &a); err != nil {
		t.Fatal(err)
	}
	if a.Data == nil {
		deep := len(a.Errors) > 0 && strings.Contains(a.Errors[0].Message, "introspection depth")
		if !deep && (len(a.Errors) == 0 || a.Errors[0].Extensions["limit"] != "cost") {
			t.Fatalf("%s: %v", document, a.Errors)
		}
		return 0, 0, false
	}
	return a.Extensions.Cost.Requested, valuesIn(a.Data) - 1, true // without the answer itself
}

func valuesIn(v any) int {
	n := 1
	switch v := v.(type) {
	case map[string]any:
		for _, field := range v {
			n += valuesIn(field)
		}
	case []any:
		for _, item := range v {
			n += valuesIn(item)
		}
	}
	return n
}
