package resolvers_test

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/export"
)

// exported are the lists that can be exported, with their fields of Query, the types of their items, and what the property test exports of them.
var exported = map[string]struct {
	root, item, filter, order string
	columns, filters, orders  []string
}{
	"people": {"users", "User", "UserFilter", "UserOrder",
		strings.Fields("id name firstName title department email emails.address emails.trust emails.sources.name phones.raw phones.number addresses locale active bot createdAt accessLevel " +
			"teams.name teams.source.name roles.accessLevel roleGrants.role.name roleGrants.active accounts.source.name accounts.externalId accounts.username accounts.teams.name " +
			"possibleDuplicates.accounts.name asOf completeness.complete completeness.missing.name"),
		[]string{`{}`, `{"search":"zoe"}`, `{"active":true}`, `{"in":["kommo1"],"notIn":["rocketchat3"]}`, `{"accessLevels":["ADMIN","MEMBER"],"bot":false}`, `{"minAccounts":2}`,
			`{"accounts":[{"sources":["kommo1"],"active":true}]}`, `{"departments":["r&d"]}`, `{"hasPossibleDuplicates":true}`, `{"accessLevels":"BOSS"}`, `{"nobody":1}`, `[]`, `null`},
		[]string{`{}`, `{"field":"EMAIL"}`, `{"field":"ACCESS_LEVEL","direction":"DESC"}`, `{"field":"CREATED_AT"}`, `{"direction":"UP"}`}},
	"teams": {"teams", "Team", "TeamFilter", "", strings.Fields("id source.name externalId name kind"), []string{`{}`, `{"search":"sales"}`, `{"kinds":["CLIENT","GROUP"]}`, `{"sources":["nowhere"]}`}, nil},
	"roles": {"roles", "Role", "RoleFilter", "", strings.Fields("id source.name externalId name description accessLevel permissions.entity permissions.grant"),
		[]string{`{}`, `{"accessLevels":["MEMBER"]}`}, nil},
	"contacts": {"contacts", "Contact", "ContactFilter", "ContactOrder",
		strings.Fields("id source.name externalId name title email emails phones.kind addresses folder.name folder.kind tags owner.name owner.phones.raw url createdAt updatedAt user.teams.name"),
		[]string{`{}`, `{"search":"zoe"}`, `{"tags":["vip"]}`, `{"folders":["x"]}`}, []string{`{"field":"UPDATED_AT","direction":"DESC"}`, `{"field":"EMAIL"}`}},
	"contact-folders": {"contactFolders", "ContactFolder", "ContactFolderFilter", "", strings.Fields("id source.name externalId name kind"), []string{`{}`, `{"kinds":["CUSTOM"]}`}, nil},
}

// An export has the values that a query with the same filter, order and scopes returns, or is refused as the query is.
func TestExportIsTheQuery(t *testing.T) {
	t.Parallel()
	rows, refused, incomplete := 0, 0, 0
	for seed := range uint64(30) {
		synctest.Test(t, func(t *testing.T) {
			dice := rand.New(rand.NewPCG(seed, 5))
			v := invented{dice, false}
			w := newTestServer(t, v.sources()...).read()
			if v.chance(4) {
				w = w.prefixed("Acme")
			}
			w.api.SourceErrorsInExtensions, w.handler = true, w.withAuthentication()
			for range 12 {
				e := w.randomExport(v)
				difference := ""
				for range 4 { // an operation may start a fetch
					synctest.Wait()
					if difference = e.differs(); difference == "" {
						break
					}
				}
				if difference != "" {
					t.Fatalf("seed %d: %s %s: %s", seed, e.path, e.scopes, difference)
				}
				rows += e.rows
				if e.refused {
					refused++
				}
				if e.incomplete {
					incomplete++
				}
			}
		})
	}
	t.Logf("%d rows; %d exports are refused, and %d are incomplete", rows, refused, incomplete)
	if !t.Failed() && (rows < 500 || refused < 30 || incomplete < 50) {
		t.Error("the test has compared too little")
	}
}

// randomExport is an export, and a query for the same.
type randomExport struct {
	*testServer
	path, scopes, document, root string
	columns                      []string
	variables                    map[string]any

	rows                int
	refused, incomplete bool
}

func (w *testServer) randomExport(v invented) *randomExport {
	name := oneOf(v, slices.Sorted(maps.Keys(exported)))
	list := exported[name]
	e := &randomExport{testServer: w, scopes: oneOf(v, []string{onlyRead, sensitive}), variables: make(map[string]any), root: list.root}
	for range 1 + v.dice.IntN(6) {
		if c := oneOf(v, list.columns); !slices.Contains(e.columns, c) {
			e.columns = append(e.columns, c)
		}
	}
	query := url.Values{"columns": {strings.Join(e.columns, ",")}}
	var variables, arguments []string
	add := func(name, typ string, of []string) {
		if typ == "" || v.chance(3) {
			return
		}
		value := oneOf(v, of)
		query.Set(name, value)
		e.variables[name] = json.RawMessage(value)
		variables, arguments = append(variables, "$"+name+": "+w.api.TypeName(typ)), append(arguments, ", "+name+": $"+name)
	}
	add("filter", list.filter, list.filters)
	add("orderBy", list.order, list.orders)
	e.path = "/export/" + name + ".csv?" + query.Encode()
	fields := ""
	for _, c := range e.columns {
		path := strings.Split(c, ".")
		fields += " " + strings.Join(path, " { ") + strings.Repeat(" }", len(path)-1)
	}
	declared := ""
	if len(variables) > 0 {
		declared = "(" + strings.Join(variables, ", ") + ")"
	}
	if list.root != w.rootField(list.root) {
		list.root = list.root + ": " + w.rootField(list.root)
	}
	e.document = fmt.Sprintf("query %s { %s(first: 500%s) { nodes {%s } } }", declared, list.root, strings.Join(arguments, ""), fields)
	return e
}

// rootField returns the name under which a field of Query is served.
func (w *testServer) rootField(own string) string { return w.api.Exports().RootField(own) }

// differs returns how the export differs from the answer to the query.
func (e *randomExport) differs() string {
	queried := parsed(e.t, overHTTP(e.handler)(e.t, e.scopes, e.document, e.variables))
	rec := e.export(e.scopes, e.path)
	e.rows, e.refused, e.incomplete = 0, len(queried.Errors) > 0, len(queried.Extensions.Sources) > 0
	if e.refused {
		var refusal answer
		_ = json.Unmarshal(rec.Body.Bytes(), &refusal)
		if rec.Code < 400 || len(refusal.Errors) == 0 || rec.Header().Get("Content-Disposition") != "" {
			return fmt.Sprintf("HTTP %d %s, and the query has the errors %v", rec.Code, rec.Body, queried.Errors)
		}
		return cmp.Diff(messages(queried.Errors), messages(refusal.Errors))
	}
	want := [][]string{e.columns}
	nodes, _ := in(queried.Data, e.root, "nodes").([]any)
	for _, node := range nodes {
		var row []string
		for _, c := range e.columns {
			row = append(row, cellOf(node, strings.Split(c, ".")))
		}
		want = append(want, row)
	}
	e.rows = len(nodes)
	if difference := cmp.Diff(want, e.rowsOf(rec)); difference != "" {
		return "(-query +export):\n" + difference
	}
	missing := make(map[string]bool)
	for _, s := range queried.Extensions.Sources {
		missing[fmt.Sprintf("%s;code=%s", s.Extensions["source"], s.Extensions["code"])] = true
	}
	told := make(map[string]bool)
	for item := range strings.SplitSeq(rec.Header().Get("X-Roster-Missing-Sources"), ", ") {
		if source, params, _ := strings.Cut(item, ";"); source != "" {
			code, _, _ := strings.Cut(params, ";")
			told[source+";"+code] = true
		}
	}
	if complete := rec.Header().Get("X-Roster-Complete"); complete != fmt.Sprint(len(missing) == 0) {
		return fmt.Sprintf("complete: %q, and the query lacks %v", complete, missing)
	}
	return cmp.Diff(missing, told)
}

// messages returns what errors say, without the name of a variable, and their codes.
func messages(errs []answerError) (out []string) {
	for _, e := range errs {
		out = append(out, fmt.Sprint(e.Message, e.Extensions))
	}
	slices.Sort(out)
	return out
}

// cellOf returns the cell of a column: the values at the end of its path.
func cellOf(v any, path []string) string {
	var values []string
	var collect func(v any, path []string)
	collect = func(v any, path []string) {
		items, isList := v.([]any)
		switch {
		case isList:
			for _, item := range items {
				collect(item, path)
			}
		case v == nil:
			values = append(values, "")
		case len(path) > 0:
			collect(in(v, path[0]), path[1:])
		default:
			value := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(fmt.Sprint(v))
			values = append(values, export.Neutral(value))
		}
	}
	collect(v, path)
	if strings.Join(values, "") == "" {
		return ""
	}
	return strings.Join(values, "; ")
}

// export requests an export as a caller with these scopes.
func (w *testServer) export(scopes, path string, header ...string) *httptest.ResponseRecorder {
	rec := httptest.NewRecorder()
	w.handler.ServeHTTP(rec, w.exportRequest(scopes, path, header...))
	return rec
}

func (w *testServer) exportRequest(scopes, path string, header ...string) *http.Request {
	r := httptest.NewRequestWithContext(w.t.Context(), http.MethodGet, path, http.NoBody)
	r.Header.Set("Authorization", "."+scopes)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	return r
}

// rowsOf returns the rows of a file.
func (w *testServer) rowsOf(rec *httptest.ResponseRecorder) [][]string {
	w.t.Helper()
	if rec.Code != http.StatusOK {
		w.t.Fatalf("HTTP %d %s", rec.Code, rec.Body)
	}
	rows, err := csv.NewReader(rec.Body).ReadAll()
	if err != nil {
		w.t.Fatal(err)
	}
	return rows
}

// Each field of an exported type is a column by default, or there is a reason why not.
func TestEachFieldIsAColumnOrNot(t *testing.T) {
	t.Parallel()
	without := map[string]string{
		"User.avatarUrl": "it says nothing in a table", "User.presence": "it asks sources", "User.presenceAsOf": "it asks sources", "User.roleGrants": "it repeats roles",
		"User.possibleDuplicates": "it is for a review of its own", "User.completeness": "headers say it for the whole list", "User.asOf": "as above",
		"User.leaver":     "it is null for almost everybody",
		"User.formerIds":  "they are empty for almost everybody",
		"User.provenance": "it is for a review of its own", "User.identity": "as above",
		"Team.provenance": "as above", "Role.provenance": "as above", "Contact.provenance": "as above",
		"Team.members": "it is a list of its own", "Role.holders": "as above", "ContactFolder.contacts": "as above", "Role.permissions": "a role has hundreds",
	}
	synctest.Test(t, func(t *testing.T) {
		w := newTestServer(t)
		lists := w.api.Exports()
		for name, of := range exported {
			table, err := lists.Table(name, nil, nil)
			if err != nil {
				t.Fatal(err)
			}
			for _, field := range lists.Schema.Types[of.item].Fields {
				columns := table.Columns()
				if lists.MaySee(nil, of.item, field.Name) {
					is := slices.ContainsFunc(columns, func(c string) bool { first, _, _ := strings.Cut(c, "."); return first == field.Name })
					if at := of.item + "." + field.Name; is == (without[at] != "") {
						t.Errorf("%s is a column by default: %t; decide, in internal/export or in this test", at, is)
					}
				}
			}
		}
	})
}

// A caller gets the columns that their scopes allow, and an error for one that they do not.
func TestExportByScopes(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, private("secret").company()...).read()
		w.handler = w.withAuthentication()
		for scopes, want := range map[string]bool{onlyRead: false, sensitive: true} {
			for _, list := range []string{"people", "contacts"} {
				rec := w.export(scopes, "/export/"+list+".csv")
				got := strings.Contains(rec.Body.String(), "secret") && strings.Contains(rec.Body.String(), "phones.raw") && strings.Contains(rec.Body.String(), "addresses")
				if got != want || !want && strings.Contains(rec.Body.String(), "secret") {
					t.Errorf("%s for %s: %s", list, scopes, rec.Body)
				}
			}
			for column, coordinate := range map[string]string{"phones.raw": "User.phones", "addresses": "User.addresses", "possibleDuplicates.phones.kind": "User.phones"} {
				rec := w.export(scopes, "/export/people.csv?columns=name,"+column)
				if want {
					w.rowsOf(rec)
				} else if errs := parsed(t, rec.Body.String()).Errors; rec.Code != http.StatusForbidden || len(errs) != 1 || errs[0].Extensions["coordinate"] != coordinate {
					t.Errorf("%s for %s: HTTP %d %s", column, scopes, rec.Code, rec.Body)
				}
			}
		}
		if rec := w.export("directory:admin", "/export/people.csv"); rec.Code != http.StatusForbidden {
			t.Errorf("without directory:read: HTTP %d %s", rec.Code, rec.Body)
		}
	})
}

// What sources lack is in the headers: for all columns, not only for the list.
func TestExportIsIncomplete(t *testing.T) {
	bubble(t, func(t *testing.T) {
		down := chat()
		down.Accounts = failing[connectors.Account](connectors.Error{Source: "chat", Kind: connectors.KindUnavailable})
		part := crm()
		part.Roles = short[connectors.Role]()
		w := newTestServer(t, ws(), part, down).read()
		for path, want := range map[string]string{
			"people.csv?columns=name":                        `chat;code=SOURCE_UNAVAILABLE;reason=UNAVAILABLE;retry-after=\d+`,
			"people.csv?columns=name,roles.name":             `crm;code=SOURCE_INCOMPLETE;reason=BAD_RESPONSE, chat;code=SOURCE_UNAVAILABLE;reason=UNAVAILABLE;retry-after=\d+`,
			"contact-folders.csv":                            ``,
			"people.csv?columns=name,teams.externalId,title": `chat;code=SOURCE_UNAVAILABLE;reason=UNAVAILABLE;retry-after=\d+`,
		} {
			for _, method := range []string{http.MethodGet, http.MethodHead} {
				r := w.exportRequest("", "/export/"+path)
				r.Method = method
				rec := httptest.NewRecorder()
				w.handler.ServeHTTP(rec, r)
				if got := rec.Header().Get("X-Roster-Missing-Sources"); rec.Code != http.StatusOK || !matchesWhole(want, got) || rec.Header().Get("X-Roster-Complete") != fmt.Sprint(want == "") {
					t.Errorf("%s %s: HTTP %d %v", method, path, rec.Code, rec.Header())
				}
				if (rec.Body.Len() > 0) != (method == http.MethodGet) {
					t.Errorf("%s %s has %d bytes", method, path, rec.Body.Len())
				}
			}
		}
		if rec := w.export("", "/export/people.csv", "Cache-Control", "max-age=x"); rec.Code != http.StatusBadRequest {
			t.Errorf("a freshness requirement that cannot be read: HTTP %d %s", rec.Code, rec.Body)
		}
	})
}

// hooked calls a function before the first bytes of a body are written.
type hooked struct {
	*httptest.ResponseRecorder
	before func()
}

func (h *hooked) Write(b []byte) (int, error) {
	if h.before != nil {
		h.before()
		h.before = nil
	}
	return h.ResponseRecorder.Write(b)
}

// All rows are of one generation, even if the directory changes while they are sent.
func TestExportOfOneGeneration(t *testing.T) {
	bubble(t, func(t *testing.T) {
		var renamed atomic.Bool
		many := &connectors.Source{Name: "ws", Kind: "worksection",
			Accounts: connectors.ListFunc[connectors.Account](func(context.Context, connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
				var out []connectors.Account
				name := map[bool]string{false: "Old", true: "New"}[renamed.Load()]
				for i := range 1701 {
					out = append(out, connectors.Account{ID: fmt.Sprint(i), Name: fmt.Sprintf("%s %04d", name, i), Active: true})
				}
				return connectors.Listing[connectors.Account]{Records: out, Complete: true}, nil
			})}
		w := newTestServer(t, many).read()
		w.once = true
		renamed.Store(true)
		rec := &hooked{ResponseRecorder: httptest.NewRecorder()}
		rec.before = func() {
			time.Sleep(5 * time.Minute) // until the source may be fetched again
			if got := w.askFresh(`{ users(first: 1) { nodes { name } } }`); !strings.HasPrefix(got, "New") {
				t.Errorf("the directory has not changed: %s", got)
			}
		}
		w.handler.ServeHTTP(rec, w.exportRequest("", "/export/people.csv?columns=name"))
		want := [][]string{{"name"}}
		for i := range 1701 {
			want = append(want, []string{fmt.Sprintf("Old %04d", i)})
		}
		if diff := cmp.Diff(want, w.rowsOf(rec.ResponseRecorder)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

// askFresh returns the first name of people whose data is fetched for this query.
func (w *testServer) askFresh(document string) string {
	a, _ := w.askFor("no-cache", document)
	return text(a.Data, "users", "nodes", 0, "name")
}

func matchesWhole(pattern, text string) bool {
	return regexp.MustCompile("^" + pattern + "$").MatchString(text)
}

// Each page of an export has an entry in the access log, with the columns and without values.
func TestExportIsRecorded(t *testing.T) {
	bubble(t, func(t *testing.T) {
		w := newTestServer(t, private("canary").company()...).read()
		log := new(bytes.Buffer)
		w.api.AccessLog = logInto(t, log)
		w.handler = w.withAuthentication()
		w.rowsOf(w.export(onlyRead, "/export/people.csv?columns=name,teams.worksection.name&filter="+url.QueryEscape(`{"search":"Ann"}`)))
		for _, want := range []string{"name=ExportPeople", "fields=[users]", "columns=\"[name teams.worksection.name]\"", "items=1 ", "outcome=answered", "subject=directory:read"} {
			if !strings.Contains(log.String(), want) {
				t.Errorf("the entry lacks %s: %s", want, log)
			}
		}
		if strings.Count(log.String(), "\n") != 1 || strings.Contains(log.String(), "Ann") {
			t.Errorf("there is one entry, without values: %s", log)
		}
		log.Reset()
		if rec := w.export(onlyRead, "/export/people.csv?columns=name,phones.raw"); rec.Code != http.StatusForbidden || !strings.Contains(log.String(), "withheld=[User.phones]") {
			t.Errorf("a denied column: HTTP %d, entry %s", rec.Code, log)
		}
	})
}
