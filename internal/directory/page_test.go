package directory_test

import (
	"encoding/base64"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/internal/directory"
)

func TestPageArguments(t *testing.T) {
	t.Parallel()
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(acc("1"), acc("2"), acc("3"))})
	byName := func(args directory.PageArgs) (*directory.UserConnection, error) {
		return d.Users(nil, directory.UserOrder{}, args)
	}
	page, err := byName(directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	cursor := page.Edges()[1].Cursor
	down, err := d.Users(nil, directory.UserOrder{Direction: directory.Descending}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	byLevel, err := d.Users(nil, directory.UserOrder{Field: directory.UserByAccessLevel}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(b []byte) []byte) *string {
		return new(base64.RawURLEncoding.EncodeToString(change(append([]byte(nil), raw...))))
	}
	contacts := directory.Build(directory.Rules{}, []directory.SourceData{{Name: "worksection", Kind: "worksection", Contacts: []connectors.Contact{{ID: "1"}}}})
	ofContact, err := contacts.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{})
	if err != nil {
		t.Fatal(err)
	}
	const broken = "is not a cursor of this graph"
	tests := map[string]struct {
		args     directory.PageArgs
		argument string
		words    string
		want     []string
	}{
		"nothing":                       {want: []string{"1", "2", "3"}},
		"first":                         {args: directory.PageArgs{First: new(2)}, want: []string{"1", "2"}},
		"first 0":                       {args: directory.PageArgs{First: new(0)}},
		"last":                          {args: directory.PageArgs{Last: new(2)}, want: []string{"2", "3"}},
		"last 0":                        {args: directory.PageArgs{Last: new(0)}},
		"after":                         {args: directory.PageArgs{After: &cursor}, want: []string{"3"}},
		"before":                        {args: directory.PageArgs{Before: &cursor}, want: []string{"1"}},
		"last after":                    {args: directory.PageArgs{Last: new(5), After: &cursor}, want: []string{"3"}},
		"after and before, crossed":     {args: directory.PageArgs{After: &cursor, Before: &cursor}},
		"the most":                      {args: directory.PageArgs{First: new(500)}, want: []string{"1", "2", "3"}},
		"first below 0":                 {args: directory.PageArgs{First: new(-1)}, argument: "first", words: "must be between 0 and 500, not -1"},
		"first too many":                {args: directory.PageArgs{First: new(501)}, argument: "first", words: "must be between 0 and 500, not 501"},
		"last below 0":                  {args: directory.PageArgs{Last: new(-1)}, argument: "last", words: "must be between 0 and 500, not -1"},
		"last too many":                 {args: directory.PageArgs{Last: new(501)}, argument: "last", words: "must be between 0 and 500, not 501"},
		"first and last":                {args: directory.PageArgs{First: new(1), Last: new(1)}, argument: "first", words: "give first or last, not both"},
		"an empty cursor":               {args: directory.PageArgs{After: new("")}, argument: "after", words: broken},
		"a cursor of noise":             {args: directory.PageArgs{Before: new("zoe")}, argument: "before", words: broken},
		"a cursor cut short":            {args: directory.PageArgs{After: new(cursor[:6])}, argument: "after", words: broken},
		"a cursor with a line break":    {args: directory.PageArgs{After: new(cursor + "\n")}, argument: "after", words: broken},
		"a padded cursor":               {args: directory.PageArgs{After: new(cursor + "=")}, argument: "after", words: broken},
		"an ID":                         {args: directory.PageArgs{After: new(page.Nodes()[0].ID)}, argument: "after", words: broken},
		"a cursor of the future":        {args: directory.PageArgs{After: with(func(b []byte) []byte { b[0]++; return b })}, argument: "after", words: broken},
		"a key longer than all":         {args: directory.PageArgs{After: with(func(b []byte) []byte { b[10] = 127; return b })}, argument: "after", words: broken},
		"a length without an end":       {args: directory.PageArgs{After: with(func(b []byte) []byte { return append(b[:10], 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255) })}, argument: "after", words: broken},
		"a length the long way":         {args: directory.PageArgs{After: with(func(b []byte) []byte { return append(b[:10], 0x80, 0) })}, argument: "after", words: broken},
		"a flag that is none":           {args: directory.PageArgs{After: with(func(b []byte) []byte { b[8] = 2; return b })}, argument: "after", words: broken},
		"a cursor of another direction": {args: directory.PageArgs{After: (*string)(&down.Edges()[0].Cursor)}, argument: "after", words: "another order"},
		"a cursor of another field":     {args: directory.PageArgs{Before: &byLevel.Edges()[0].Cursor}, argument: "before", words: "another order"},
		"a cursor of another list":      {args: directory.PageArgs{After: &ofContact.Edges()[0].Cursor}, argument: "after", words: "another list"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := byName(tt.args)
			wantInputError(t, err, tt.argument, tt.words)
			if err != nil {
				return
			}
			var ids []string
			for _, u := range got.Nodes() {
				ids = append(ids, u.Accounts[0].Core().ExternalID)
			}
			if diff := cmp.Diff(tt.want, ids); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if got.TotalCount() != 3 {
				t.Errorf("%d in all, want 3", got.TotalCount())
			}
		})
	}
}

func TestItemsWithoutAValueComeLast(t *testing.T) {
	t.Parallel()
	at := func(id string, created int64) connectors.Account {
		a := acc(id)
		if created != 0 {
			a.CreatedAt = time.Unix(created, 0)
		}
		return a
	}
	d := directory.Build(directory.Rules{}, []directory.SourceData{worksection(at("1", 0), at("2", 50), at("3", -50), at("4", 50), at("5", 0))})
	for direction, want := range map[directory.Direction][]string{
		directory.Ascending:  {"3", "2", "4", "1", "5"},
		directory.Descending: {"2", "4", "3", "1", "5"}, // ties by ID either way
	} {
		var got []string
		for _, u := range users(d, nil, directory.UserOrder{Field: directory.UserByCreatedAt, Direction: direction}) {
			got = append(got, u.Accounts[0].Core().ExternalID)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("descending %v, -want +got:\n%s", bool(direction), diff)
		}
	}
}

func TestNamesAreSortedAsPeopleSortThem(t *testing.T) {
	t.Parallel()
	var accounts []connectors.Account
	for _, name := range []string{"zoe", "Émile", "Étienne", "adam", "Zoë", "Adam", "Eve", "Łukasz", "Mary", "Олена", "Ärzte", " Bea", "10", "9"} {
		accounts = append(accounts, named(acc(name), name))
	}
	var got []string
	for _, u := range everyone(directory.Build(directory.Rules{}, []directory.SourceData{worksection(accounts...)})) {
		got = append(got, u.Name)
	}
	want := []string{"10", "9", "adam", "Adam", "Ärzte", "Bea", "Émile", "Étienne", "Eve", "Łukasz", "Mary", "zoe", "Zoë", "Олена"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
