package resolvers

import (
	"fmt"
	"strings"
	"testing"

	"github.com/99designs/gqlgen/graphql"
	"github.com/google/go-cmp/cmp"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"roster/connectors"
	"roster/internal/generation"
)

// operationContext returns a validated operation, as gqlgen makes it.
func operationContext(t *testing.T, document string, vars map[string]any) *graphql.OperationContext {
	t.Helper()
	schema := (&Resolver{}).Schema().Schema()
	doc, errs := gqlparser.LoadQueryWithRules(schema, document, rules.NewDefaultRules())
	if errs != nil {
		t.Fatal(errs)
	}
	values, err := validator.VariableValues(schema, doc.Operations[0], vars)
	if err != nil {
		t.Fatal(err)
	}
	return &graphql.OperationContext{Doc: doc, Operation: doc.Operations[0], Variables: values}
}

func named(n generation.Required) string {
	var names []string
	mentioned := map[connectors.Collection]generation.Required{
		connectors.Accounts: generation.TeamMentions | generation.RoleMentions, connectors.Contacts: generation.FolderMentions,
	}
	for _, c := range connectors.AllCollections {
		if n.Has(c) || n&mentioned[c] != 0 {
			names = append(names, c.String())
		}
	}
	return strings.Join(names, " ")
}

func TestRequired(t *testing.T) {
	t.Parallel()
	type vars map[string]any
	for name, tc := range map[string]struct {
		document string
		vars     vars
		want     string
		presence int
	}{
		"nothing but the schema":         {document: `{ __schema { queryType { name } } }`},
		"who is asking":                  {document: `{ viewer { scopes } }`},
		"who is asking, as a person":     {document: `{ viewer { user { name } } }`, want: "accounts"},
		"sources":                        {document: `{ sources { name state collections { kind } } }`},
		"people":                         {document: `{ users { nodes { name email } } }`, want: "accounts"},
		"a count of people":              {document: `{ users(first: 0) { totalCount } }`, want: "accounts"},
		"people's teams":                 {document: `{ users { nodes { teams { name } } } }`, want: "accounts teams"},
		"people's roles":                 {document: `{ users { nodes { roles { name } } } }`, want: "accounts roles"},
		"accounts' roles":                {document: `{ users { nodes { accounts { roles { name } } } } }`, want: "accounts roles"},
		"people searched":                {document: `{ users(filter: { search: "a" }) { totalCount } }`, want: "accounts teams"},
		"people of teams":                {document: `{ users(filter: { teams: ["x"] }) { totalCount } }`, want: "accounts teams"},
		"people of no teams in question": {document: `{ users(filter: { teams: [], search: null }) { totalCount } }`, want: "accounts"},
		"people of roles, by variable": {
			document: `query($f: UserFilter) { users(filter: $f) { totalCount } }`, vars: vars{"f": map[string]any{"roles": []any{"x"}}},
			want: "accounts roles",
		},
		"people of roles, by a variable inside": {
			document: `query($r: [ID!]) { users(filter: { roles: $r }) { totalCount } }`, vars: vars{"r": []any{"x"}}, want: "accounts roles",
		},
		"people, and a variable that is not given": {
			document: `query($r: [ID!]) { users(filter: { roles: $r }) { totalCount } }`, want: "accounts",
		},
		"people counted by source": {document: `{ users { facets(by: SOURCE) { count } } }`, want: "accounts"},
		"people counted by team":   {document: `{ users { facets(by: TEAM) { count } } }`, want: "accounts teams"},
		"people counted by role, by variable": {
			document: `query($by: UserFacet!) { users { facets(by: $by) { count } } }`, vars: vars{"by": "ROLE"}, want: "accounts roles",
		},
		"one person":            {document: `{ user(by: { email: "a@example.com" }) { name } }`, want: "accounts"},
		"teams":                 {document: `{ teams { nodes { name } } }`, want: "accounts teams"},
		"teams' people by role": {document: `{ teams { nodes { members(filter: { roles: ["x"] }) { totalCount } } } }`, want: "accounts teams roles"},
		"roles":                 {document: `{ roles { totalCount } }`, want: "accounts roles"},
		"roles' people":         {document: `{ roles { nodes { holders { totalCount } } } }`, want: "accounts roles"},
		"contacts":              {document: `{ contacts { nodes { name } } }`, want: "contacts"},
		"contacts searched":     {document: `{ contacts(filter: { search: "a" }) { totalCount } }`, want: "contacts contact_folders"},
		"contacts' folders":     {document: `{ contacts { nodes { folder { name } } } }`, want: "contacts contact_folders"},
		"contacts' owners":      {document: `{ contacts { nodes { owner { name } } } }`, want: "accounts contacts"},
		"contacts by owner":     {document: `{ contacts(filter: { owners: ["x"] }) { totalCount } }`, want: "accounts contacts"},
		"contacts counted":      {document: `{ contacts { facets(by: OWNER) { count } } }`, want: "accounts contacts"},
		"contacts by folder":    {document: `{ contacts { facets(by: FOLDER) { count } } }`, want: "contacts contact_folders"},
		"folders":               {document: `{ contactFolders { nodes { contacts { totalCount } } } }`, want: "contacts contact_folders"},
		"one team":              {document: `{ team(id: "x") { name } }`, want: "accounts teams"},
		"one role":              {document: `{ role(id: "x") { name } }`, want: "accounts roles"},
		"one contact":           {document: `{ contact(id: "x") { name } }`, want: "contacts"},
		"one folder":            {document: `query($id: ID!) { contactFolder(id: $id) { name } }`, vars: vars{"id": "x"}, want: "contacts contact_folders"},
		"no object at all":      {document: `{ node(id: "x") { id } }`},
		"an object that may be a contact": {
			document: `{ node(id: "x") { ... on Contact { name } } }`, want: "contacts",
		},
		"an object that may be an account": {document: `{ node(id: "x") { ... on KommoAccount { admin } } }`, want: "accounts"},
		"representations": {
			document: `query($r: [_Any!]!) { _entities(representations: $r) { __typename } }`,
			vars:     vars{"r": []any{map[string]any{"__typename": "Team", "id": "x"}, map[string]any{"__typename": "Contact"}}},
			want:     "accounts teams contacts",
		},
		"a fragment": {
			document: `{ users { ...page } } fragment page on UserConnection { nodes { teams { id } } }`, want: "accounts teams",
		},
		"what is skipped": {
			document: `query($no: Boolean!) { users { totalCount } contacts @skip(if: $no) { totalCount } roles @include(if: false) { totalCount } }`,
			vars:     vars{"no": true}, want: "accounts",
		},
		"a fragment skipped and then not": {
			document: `{ ...c @skip(if: true) ...c @include(if: true) } fragment c on Query { contacts { totalCount } }`, want: "contacts",
		},
		"an inline fragment that is left out": {document: `{ ... @include(if: false) { contacts { totalCount } } sources { name } }`},
		"presence":                            {document: `{ users { nodes { presence } } }`, want: "accounts", presence: 1},
		"a status text": {
			document: `{ users { nodes { accounts { ... on RocketChatAccount { statusText } } } } }`, want: "accounts", presence: 1,
		},
		"when presence was asked for": {document: `{ users { nodes { presenceAsOf } } }`, want: "accounts", presence: 1},
		"presence left out":           {document: `{ users { nodes { presence @skip(if: true) } } }`, want: "accounts"},
		"presence twice, through one fragment": {
			document: `{ a: users { nodes { ...p } } b: users { nodes { ...p } } sources { name } } fragment p on User { presence }`,
			want:     "accounts", presence: 2,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			running := operationContext(t, tc.document, tc.vars)
			got := factsOf(running).needs(running.Variables)
			if diff := cmp.Diff(tc.want, named(got.collections)); diff != "" {
				t.Errorf("collections (-want +got):\n%s", diff)
			}
			if got.presence != tc.presence {
				t.Errorf("%d root fields request presence, want %d", got.presence, tc.presence)
			}
		})
	}
}

// Every type that can be reached has required collections, or holds no fetched data.
func TestEveryTypeHasRequiredCollections(t *testing.T) {
	t.Parallel()
	nothing := map[string]bool{
		"Query": true, "Node": true, "Viewer": true, "Source": true, "SourceCollection": true, "SourceError": true, "SourceCredential": true, "SourceFetch": true, "SourceLoss": true, "Anomaly": true,
		"SourceTier": true, "PageInfo": true, "Completeness": true, "Facet": true, "_Service": true,
		// These are parts of objects with required collections.
		"UserEdge": true, "TeamEdge": true, "RoleEdge": true, "ContactEdge": true, "ContactFolderEdge": true, "UserEmail": true, "Phone": true,
		"Identity": true, "IdentityLink": true, "HeldApart": true, "PreviewedPerson": true, "PreviewedSplit": true, "PreviewedId": true,
		"Handle": true, "Mutation": true, "UserError": true, "InviteUserPayload": true, "CreateTeamPayload": true, "CreateContactPayload": true,
		"CreateContactFolderPayload": true, "SubscribeToTaskPayload": true, "UnsubscribeFromTaskPayload": true, "RefreshSourcePayload": true, "SourcePause": true,
		"Permission": true, "StagePermission": true, "RocketChatEmail": true, "WorksectionViewer": true, "ViewerAccount": true, "Attribute": true,
		"FieldProvenance": true, "FieldCandidate": true, "FieldInSource": true, "FieldCoverage": true,
		"IdentityEditConnection": true, "IdentityEditEdge": true, "IdentityEdit": true, "IdentityEditAccount": true, "IdentityDecision": true, "IdentityEditPayload": true,
		"Subscription": true, "Change": true, // of the log; the node has what it is made from
	}
	for name, def := range (&Resolver{}).Schema().Schema().Types {
		composite := def.Kind == ast.Object || def.Kind == ast.Interface
		if !composite || def.BuiltIn || strings.HasPrefix(name, "__") || name == "Entity" {
			continue
		}
		if (requiredByType[name] != 0) == nothing[name] {
			t.Errorf("%s: add it to requiredByType, or here if it has no fetched data", name)
		}
	}
}

// Each fragment spreads the next one twice. Without a record of visited fragments, the walk would take 2^60 steps.
func TestRequiredOfDoublingFragments(t *testing.T) {
	t.Parallel()
	const depth = 60
	var b strings.Builder
	b.WriteString("{ users { nodes { ...f0 } } }")
	for i := range depth {
		fmt.Fprintf(&b, " fragment f%d on User { a%d: possibleDuplicates { ...f%d } b%d: possibleDuplicates { ...f%d } }", i, i, i+1, i, i+1)
	}
	fmt.Fprintf(&b, " fragment f%d on User { presence teams { id } }", depth)
	got := factsOf(operationContext(t, b.String(), nil)).needs(nil)
	if diff := cmp.Diff("accounts teams", named(got.collections)); diff != "" {
		t.Errorf("collections (-want +got):\n%s", diff)
	}
	if got.presence != 1 {
		t.Errorf("%d root fields request presence, want 1", got.presence)
	}
}
