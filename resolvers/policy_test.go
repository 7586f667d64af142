package resolvers

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/connectors"
	_ "roster/connectors/registry"
	"roster/internal/access"
)

const directives = `
	directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
	directive @authenticated on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
	directive @policy(policies: [[String!]!]!) on FIELD_DEFINITION | OBJECT | INTERFACE | SCALAR | ENUM
`

func loadSchema(t *testing.T, text string) *ast.Schema {
	t.Helper()
	schema, err := gqlparser.LoadSchema(&ast.Source{Input: directives + text})
	if err != nil {
		t.Fatal(err)
	}
	return schema
}

// The policy enforces everything that the specification allows: alternatives of several scopes, on fields, their types, and their interfaces.
func TestPolicy(t *testing.T) {
	t.Parallel()
	schema := loadSchema(t, `
		interface Named { name: String  secret: String @requiresScopes(scopes: [["s"]]) }
		interface Closed @requiresScopes(scopes: [["c"]]) { closed: String }
		type A implements Named { name: String  secret: String  either: String @requiresScopes(scopes: [["x", "y"], ["z"]]) }
		type B implements Named & Closed { name: String  closed: String
			secret: String @requiresScopes(scopes: [["b"]]) own: Hidden  level: Level }
		type Hidden @requiresScopes(scopes: [["h"]]) { value: String }
		enum Level @requiresScopes(scopes: [["l"]]) { HIGH }
		union Either = A | B
		type Query { named: Named  a: A  b: B  closed: Closed  either: Either  hidden: [Hidden] }
		type Mutation { change: String  open: String @requiresScopes(scopes: [["o"]]) }
		type Subscription { ticks: Int @requiresScopes(scopes: [["t"]])  open: Int }
	`)
	p, err := newPolicy(schema)
	if err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct{ scopes, document, denied string }{
		"nothing is asked for":          {"", `{named{name} a{name}}`, ""},
		"neither alternative":           {"x", `{a{either}}`, "A.either"},
		"one alternative, whole":        {"x y", `{a{either}}`, ""},
		"the other alternative":         {"z", `{a{either}}`, ""},
		"by the interface":              {"", `{named{secret}}`, "Named.secret"},
		"by the interface, on a type":   {"", `{named{...on A{secret}} a{secret}}`, "A.secret"},
		"the interface's and the own":   {"s", `{b{secret} a{secret}}`, "B.secret"},
		"the own without the other's":   {"b", `{b{secret}}`, "B.secret"},
		"both":                          {"b s", `{b{secret} named{secret}}`, ""},
		"one of those behind it":        {"s", `{named{secret}}`, "B.secret"},
		"a closed interface":            {"", `{closed{closed} b{closed}}`, "Query.closed B.closed"},
		"a hidden type":                 {"", `{hidden{value} b{own{value}}}`, "Query.hidden B.own"},
		"a hidden type, for who may":    {"h", `{hidden{value} b{own{value}}}`, ""},
		"an enumeration":                {"", `{b{level}}`, "B.level"},
		"in a union":                    {"", `{either{...on B{level} ...on A{either}}}`, "B.level A.either"},
		"a mutation that says nothing":  {"o", `mutation{change open}`, "Mutation.change"},
		"a mutation, for who may write": {"directory:write", `mutation{change open}`, "Mutation.open"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := p.denied(documentOf(t, schema, tc.document), &access.Principal{Scopes: strings.Fields(tc.scopes)})
			if diff := cmp.Diff(tc.denied, strings.Join(w.names, " ")); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if errs := w.errors(); len(w.names) != len(errs) || (len(w.fields) == 0) != (len(w.names) == 0) {
				t.Errorf("%d names, %d errors, fields %v", len(w.names), len(errs), w.fields)
			}
		})
	}
	// Which operations may begin.
	for name, tc := range map[string]struct {
		caller   *access.Principal
		document string
		refused  string
	}{
		"nobody":                  {nil, `{a{name}}`, "the caller lacks the scope directory:read"},
		"without the first scope": {&access.Principal{Scopes: access.Scopes{"directory:write"}}, `{a{name}}`, "the caller lacks the scope directory:read"},
		"with it":                 {&access.Principal{Scopes: access.Scopes{"directory:read"}}, `{a{either}}`, ""},
		"a denied subscription":   {&access.Principal{Scopes: access.Scopes{"directory:read"}}, `subscription{ticks}`, "Subscription.ticks needs the scope t"},
		"another subscription":    {&access.Principal{Scopes: access.Scopes{"directory:read"}}, `subscription{open}`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			op := documentOf(t, schema, tc.document)
			w := p.denied(op, tc.caller)
			got := ""
			if errs := w.refusal(op, tc.caller); errs != nil {
				got = errs[0].Message
				if errs[0].Extensions["code"] != codeForbidden {
					t.Errorf("the errors are %v", errs)
				}
			}
			if diff := cmp.Diff(tc.refused, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}

// A schema with directives that are not enforced is rejected.
func TestPolicyRefused(t *testing.T) {
	t.Parallel()
	for text, says := range map[string]string{
		`type Query { a: String @authenticated }`:                                "@authenticated is not enforced",
		`type A @policy(policies: [["p"]]) { a: String } type Query { a: A }`:    "@policy is not enforced",
		`type Query { a: String! @requiresScopes(scopes: [["s"]]) }`:             "Query.a needs scopes and can be no null",
		`type A @requiresScopes(scopes: [["s"]]) { a: ID! } type Query { a: A }`: "A.a needs scopes and can be no null",
		`type Query { a: String } type Mutation { a: String! }`:                  "Mutation.a needs scopes and can be no null",
	} {
		if _, err := newPolicy(loadSchema(t, text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v, want it to say %q", text, err, says)
		}
	}
}

func documentOf(t *testing.T, schema *ast.Schema, text string) *graphql.OperationContext {
	t.Helper()
	doc, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
	if len(errs) > 0 {
		t.Fatal(errs)
	}
	return &graphql.OperationContext{RawQuery: text, Doc: doc, Operation: doc.Operations[0]}
}

// Whatever a kind tells of its accounts is known by the name that its changes have. What no type shows, nobody may see.
func TestPolicyKnowsAllDetails(t *testing.T) {
	t.Parallel()
	_, schema := new(Resolver).config()
	p, err := newPolicy(schema)
	if err != nil {
		t.Fatal(err)
	}
	reader, all := &access.Principal{Scopes: []string{access.ScopeRead}}, &access.Principal{Scopes: append(slices.Clone(p.scopes), access.ScopeRead)}
	for _, k := range connectors.Kinds() {
		if k.AccountType == "" {
			continue
		}
		details := reflect.TypeOf(k.Details()).Elem()
		for i := range details.NumField() {
			if !details.Field(i).IsExported() {
				continue
			}
			field := details.Field(i).Name
			name := strings.ToLower(field[:1]) + field[1:]
			shown := schema.Types[k.AccountType].Fields
			at := slices.IndexFunc(shown, func(f *ast.FieldDefinition) bool { return strings.EqualFold(f.Name, field) })
			if at < 0 {
				t.Errorf("%s does not show %s, so nobody is told of its changes", k.AccountType, field)
				continue
			}
			if may := p.needs[coordinate{k.AccountType, shown[at].Name}].metBy(reader); p.seesOfAccounts(reader, name) && !may || !p.seesOfAccounts(all, name) {
				t.Errorf("%s: a reader is told of changes of %s: %t, and may see it: %t", k.AccountType, field, p.seesOfAccounts(reader, name), may)
			}
		}
	}
	if p.seesOfAccounts(all, "secretOfTheSource") {
		t.Error("changes of a field are told that the graph does not have")
	}
}
