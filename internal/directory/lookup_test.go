package directory_test

import (
	"errors"
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// small is a directory with one object of each type.
func small() *directory.Directory {
	ws := worksection(acc("1", "zoe@x.example"))
	ws.Teams = []connectors.Team{{ID: "t", Name: "Sales"}}
	ws.Roles = []connectors.Role{{ID: "r", Name: "user"}}
	ws.Contacts = []connectors.Contact{{ID: "c", Name: "Bea"}}
	ws.ContactFolders = []connectors.ContactFolder{{ID: "f", Name: "Clients"}}
	return directory.Build(directory.Rules{}, []directory.SourceData{ws, kommo(acc("7", "zoe@x.example"), acc("8"))})
}

func first[T any](items []T, err error) T {
	if err != nil {
		panic(err)
	}
	return items[0]
}

func nodes[T any, C interface{ Nodes() []T }](c C, err error) ([]T, error) { return c.Nodes(), err }

func TestNode(t *testing.T) {
	t.Parallel()
	d := small()
	args := directory.PageArgs{}
	zoe := d.UserByEmail("zoe@x.example")
	objects := map[string]struct {
		id       string
		node     directory.Node
		typename string
	}{
		"user":    {zoe.ID, zoe, "User"},
		"account": {zoe.Accounts[1].Core().ID, zoe.Accounts[1], "Account"},
	}
	team := first(nodes(d.Teams(nil, args)))
	role := first(nodes(d.Roles(nil, args)))
	contact := first(nodes(d.Contacts(nil, directory.ContactOrder{}, args)))
	folder := first(nodes(d.ContactFolders(nil, args)))
	source := d.Sources()[1]
	for name, o := range map[string]struct {
		id       string
		node     directory.Node
		typename string
	}{
		"team": {team.ID, team, "Team"}, "role": {role.ID, role, "Role"}, "contact": {contact.ID, contact, "Contact"},
		"folder": {folder.ID, folder, "ContactFolder"}, "source": {source.ID, source, "Source"},
	} {
		objects[name] = o
	}
	seen := map[string]string{}
	for name, o := range objects {
		if got := d.Node(o.id); got != o.node {
			t.Errorf("%s: found %v", name, got)
		}
		if got := directory.TypeOf(o.id); got != o.typename {
			t.Errorf("%s is a %q", name, got)
		}
		if other, ok := seen[o.id]; ok {
			t.Errorf("%s and %s have one ID", name, other)
		}
		seen[o.id] = name
		for _, spoilt := range []string{o.id + "\n", o.id + "=", o.id[1:], " " + o.id, strings.ToLower(o.id), o.id + "AAAA"} {
			if got := d.Node(spoilt); got != nil {
				t.Errorf("%s: %q still finds %v", name, spoilt, got)
			}
		}
	}
	for _, nothing := range []string{"", "U", "zoe", strings.Repeat("VQ", 100_000)} {
		if d.Node(nothing) != nil || directory.TypeOf(nothing) != "" {
			t.Errorf("%.20q finds something", nothing)
		}
	}
}

func TestUserByID(t *testing.T) {
	t.Parallel()
	d := small()
	zoe := d.UserByEmail("zoe@x.example")
	alone := directory.Build(directory.Rules{}, []directory.SourceData{worksection(), kommo(acc("7", "zoe@x.example"))})
	tests := map[string]struct {
		id   string
		want *directory.User
		err  string
	}{
		"theirs":                            {id: zoe.ID, want: zoe},
		"of their account":                  {id: zoe.Accounts[0].Core().ID, want: zoe},
		"of their other account":            {id: zoe.Accounts[1].Core().ID, want: zoe},
		"as it was while a source was away": {id: everyone(alone)[0].ID, want: zoe},
		"nobody's":                          {id: everyone(directory.Build(directory.Rules{}, []directory.SourceData{kommo(acc("404"))}))[0].ID},
		"of a source":                       {id: d.Sources()[0].ID, err: "is the ID of a Source, not of a User"},
		"no ID":                             {id: "zoe", err: `"zoe" is not an ID of this graph`},
		"nothing":                           {id: "", err: `"" is not an ID of this graph`},
		"a whole novel":                     {id: strings.Repeat("zoe!", 1000), err: "…"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := d.User(tt.id)
			if got != tt.want {
				t.Errorf("found %v", got)
			}
			wantInputError(t, err, "id", tt.err)
		})
	}
}

// wantInputError checks for an error about an argument that contains these words, or for no error if words is empty. The error never repeats much of the input.
func wantInputError(t *testing.T, err error, argument, words string) {
	t.Helper()
	if words == "" {
		if err != nil {
			t.Errorf("error %v", err)
		}
		return
	}
	input, ok := errors.AsType[*directory.InputError](err)
	if !ok || input.Argument != argument || !strings.Contains(input.Error(), words) || len(input.Error()) > 500 {
		t.Errorf("error %v, want one about %s with %q", err, argument, words)
	}
}

func TestLongIDs(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("Ünï/", 5000)
	ws := worksection(connectors.Account{ID: long, Name: long, Teams: []connectors.TeamRef{{Name: long}}})
	d := directory.Build(directory.Rules{}, []directory.SourceData{ws})
	u := everyone(d)[0]
	if found, err := d.User(u.ID); found != u || err != nil {
		t.Errorf("found %v, error %v", found, err)
	}
	if d.Team(u.Teams[0].ID) != u.Teams[0] || d.Account(u.Accounts[0].Core().ID) != u.Accounts[0] {
		t.Error("a long ID does not find its object")
	}
	c, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{After: (*string)(&c.Edges()[0].Cursor)}); err != nil {
		t.Errorf("the cursor of a long name is refused: %v", err)
	}
}

func TestSources(t *testing.T) {
	t.Parallel()
	d := small()
	if got := d.Sources(); len(got) != 2 || got[0].Name != "worksection" || got[1].Kind != "kommo" {
		t.Errorf("got %v", got)
	}
	if err := d.CheckSource("source", "kommo"); err != nil {
		t.Error(err)
	}
	wantInputError(t, d.CheckSource("by.account.source", "komo"), "by.account.source", `there is no source named "komo": the sources are worksection, kommo`)
}

func TestVersion(t *testing.T) {
	t.Parallel()
	base := func() (directory.Rules, []directory.SourceData) {
		d := kommo(acc("7"))
		d.Versions = []string{"a", "b"}
		return directory.Rules{}, []directory.SourceData{worksection(), d}
	}
	r, data := base()
	version := directory.Build(r, data).Version()
	if again := directory.Build(base()).Version(); again != version || version == "" {
		t.Errorf("the same input has versions %q and %q", version, again)
	}
	for name, change := range map[string]func(r *directory.Rules, data []directory.SourceData){
		"a snapshot":         func(_ *directory.Rules, data []directory.SourceData) { data[1].Versions = []string{"a", "c"} },
		"a collection less":  func(_ *directory.Rules, data []directory.SourceData) { data[1].Versions = []string{"a"} },
		"a source's name":    func(_ *directory.Rules, data []directory.SourceData) { data[0].Name = "ws" },
		"a source's address": func(_ *directory.Rules, data []directory.SourceData) { data[0].URL = "https://x.example" },
		"trust":              func(_ *directory.Rules, data []directory.SourceData) { data[0].Trust = directory.TrustNothing },
		"the order":          func(_ *directory.Rules, data []directory.SourceData) { data[0], data[1] = data[1], data[0] },
		"a link": func(r *directory.Rules, _ []directory.SourceData) {
			r.Links = [][]connectors.Ref{refs("kommo/7 kommo/8")}
		},
		"a split": func(r *directory.Rules, _ []directory.SourceData) {
			r.Splits = [][]connectors.Ref{refs("kommo/7 kommo/8")}
		},
		"precedence": func(r *directory.Rules, _ []directory.SourceData) {
			r.Precedence = map[directory.Field][]string{directory.FieldName: {"kommo"}}
		},
		"shared mailboxes":    func(r *directory.Rules, _ []directory.SourceData) { r.SharedMailboxes = []string{"desk"} },
		"no shared mailboxes": func(r *directory.Rules, _ []directory.SourceData) { r.SharedMailboxes = []string{} },
	} {
		r, data := base()
		change(&r, data)
		if directory.Build(r, data).Version() == version {
			t.Errorf("%s does not change the version", name)
		}
	}
}
