package changes_test

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/changes"
	"roster/internal/directory"
)

// details are those of a kind of source.
type details struct {
	connectors.Details
	Rank   string
	Secret *int
}

// versions makes the version of each world its own.
var versions atomic.Int64

// world draws the data of three sources, from pools so small that records of different states and sources meet.
func world(t *rapid.T) []directory.SourceData {
	word := rapid.SampledFrom([]string{"", "ann", "ben", "cem"})
	phone := rapid.SampledFrom([]connectors.Phone{{Raw: "1"}, {Raw: "2"}})
	at := rapid.SampledFrom([]time.Time{{}, time.Unix(1, 0), time.Unix(2, 0)})
	ids := func(label string) []string {
		return rapid.SliceOfNDistinct(rapid.SampledFrom([]string{"1", "2", "3", "4"}), 0, 4, rapid.ID[string]).Draw(t, label)
	}
	var out []directory.SourceData
	for _, name := range []string{"a", "b", "c"} {
		d := directory.SourceData{Name: name, Kind: "other", Versions: []string{fmt.Sprint(versions.Add(1))}}
		for _, id := range ids("accounts") {
			r := connectors.Account{
				ID: id, Name: word.Draw(t, "name"), FirstName: word.Draw(t, "first"), LastName: word.Draw(t, "last"), Username: word.Draw(t, "username"),
				Title: word.Draw(t, "title"), Department: word.Draw(t, "department"), AvatarURL: word.Draw(t, "avatar"), Locale: word.Draw(t, "locale"),
				Active: rapid.Bool().Draw(t, "active"), Bot: rapid.Bool().Draw(t, "bot"), Access: rapid.SampledFrom([]connectors.AccessLevel{0, connectors.AccessMember, connectors.AccessAdmin}).Draw(t, "access"),
				URL: word.Draw(t, "url"), CreatedAt: at.Draw(t, "created"), Phones: rapid.SliceOfN(phone, 0, 1).Draw(t, "phones"), Addresses: rapid.SliceOfN(word, 0, 1).Draw(t, "addresses"),
			}
			for _, w := range rapid.SliceOfN(word, 0, 2).Draw(t, "mails") {
				verified := rapid.SampledFrom([]*bool{nil, new(true), new(false)}).Draw(t, "verified")
				r.Emails = append(r.Emails, connectors.Email{Address: w + "@example.com", Verified: verified, Synthetic: rapid.Bool().Draw(t, "synthetic")})
			}
			if rapid.Bool().Draw(t, "groups") {
				r.Teams, r.Roles = []connectors.TeamRef{}, []connectors.RoleRef{}
				for _, id := range ids("teams of") {
					r.Teams = append(r.Teams, connectors.TeamRef{ID: id})
				}
				for _, id := range ids("roles of") {
					r.Roles = append(r.Roles, connectors.RoleRef{ID: id})
				}
			}
			if rapid.Bool().Draw(t, "detailed") {
				r.Details = &details{Rank: word.Draw(t, "rank"), Secret: rapid.SampledFrom([]*int{nil, new(1), new(2)}).Draw(t, "secret")}
			}
			d.Accounts = append(d.Accounts, r)
		}
		for _, id := range ids("teams") {
			d.Teams = append(d.Teams, connectors.Team{ID: id, Name: word.Draw(t, "team"), Kind: rapid.SampledFrom([]connectors.TeamKind{connectors.TeamGroup, connectors.TeamClient}).Draw(t, "kind")})
		}
		for _, id := range ids("roles") {
			d.Roles = append(d.Roles, connectors.Role{ID: id, Name: word.Draw(t, "role"), Description: word.Draw(t, "description"),
				Access:      rapid.SampledFrom([]connectors.AccessLevel{connectors.AccessMember, connectors.AccessAdmin}).Draw(t, "access"),
				Permissions: rapid.SampledFrom([][]connectors.Permission{nil, {}, {{Entity: "lead", Action: "view"}}, {{Entity: "lead", Action: "edit"}}}).Draw(t, "permissions")})
		}
		for _, id := range ids("folders") {
			d.ContactFolders = append(d.ContactFolders, connectors.ContactFolder{ID: id, Name: word.Draw(t, "folder"),
				Kind: rapid.SampledFrom([]connectors.ContactFolderKind{connectors.FolderCustom, connectors.FolderPreset}).Draw(t, "kind")})
		}
		for _, id := range ids("contacts") {
			c := connectors.Contact{
				ID: id, Name: word.Draw(t, "contact"), FirstName: word.Draw(t, "first"), LastName: word.Draw(t, "last"), Title: word.Draw(t, "title"),
				Phones: rapid.SliceOfN(phone, 0, 1).Draw(t, "phones"), Addresses: rapid.SliceOfN(word, 0, 1).Draw(t, "addresses"), Tags: rapid.SliceOfN(word, 0, 1).Draw(t, "tags"),
				OwnerID: rapid.SampledFrom([]string{"", "1", "2"}).Draw(t, "owner"), URL: word.Draw(t, "url"), CreatedAt: at.Draw(t, "created"), UpdatedAt: at.Draw(t, "updated"),
			}
			for _, w := range rapid.SliceOfN(word, 0, 1).Draw(t, "mails") {
				c.Emails = append(c.Emails, connectors.Email{Address: w + "@example.com"})
			}
			if rapid.Bool().Draw(t, "filed") {
				c.Folder = &connectors.FolderRef{ID: rapid.SampledFrom([]string{"1", "5"}).Draw(t, "folder of")}
			}
			d.Contacts = append(d.Contacts, c)
		}
		out = append(out, d)
	}
	return out
}

func rules(t *rapid.T) (r directory.Rules) {
	ref := rapid.Custom(func(t *rapid.T) connectors.Ref {
		return connectors.Ref{Source: rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "source"), ID: rapid.SampledFrom([]string{"1", "2"}).Draw(t, "id")}
	})
	r.Links = rapid.SliceOfN(rapid.SliceOfN(ref, 2, 3), 0, 1).Draw(t, "links")
	r.Splits = rapid.SliceOfN(rapid.SliceOfN(ref, 2, 3), 0, 1).Draw(t, "splits")
	return r
}

// stateOf returns the state of a directory whose sources have all their data, except those that lack something.
func stateOf(d *directory.Directory, lacking map[string]bool) *changes.State {
	s := &changes.State{Directory: d}
	for _, source := range d.Sources() {
		of := changes.SourceState{ID: source.ID, Name: source.Name}
		for _, c := range connectors.AllCollections {
			of.Collections = append(of.Collections, changes.Holding{Collection: c, Complete: !lacking[source.Name], Restricted: source.Restricts(c)})
		}
		s.Sources = append(s.Sources, of)
	}
	return s
}

// shown is what a client that has read everything shows, by ID and then by field. It refers to other objects by their IDs.
type shown map[string]map[string]string

func show(d *directory.Directory) shown {
	out := make(shown)
	all := d.Everything()
	for _, u := range all.Users {
		out[u.ID] = fieldsOf(u)
	}
	for _, x := range all.Teams {
		out[x.ID] = fieldsOf(x)
	}
	for _, x := range all.Roles {
		out[x.ID] = fieldsOf(x)
	}
	for _, x := range all.Folders {
		out[x.ID] = fieldsOf(x)
	}
	for _, x := range all.Contacts {
		out[x.ID] = fieldsOf(x)
	}
	return out
}

// fieldsOf returns the text of each exported field, which is not how Compare compares them.
func fieldsOf(x any) map[string]string {
	v := reflect.ValueOf(x).Elem()
	out := make(map[string]string)
	for i := range v.NumField() {
		if f := v.Type().Field(i); f.IsExported() {
			out[strings.ToLower(f.Name)] = textOf(v.Field(i))
		}
	}
	for _, constant := range []string{"id", "source", "externalid"} { // the ID has the others
		delete(out, constant)
	}
	return out
}

func textOf(v reflect.Value) string {
	switch x := v.Interface().(type) {
	case directory.Account:
		core := *x.Core()
		text := fmt.Sprint(textOf(reflect.ValueOf(core.EmailTrust())))
		for i := range reflect.TypeOf(core).NumField() {
			if f := reflect.TypeOf(core).Field(i); f.IsExported() && f.Name != "User" {
				text += "|" + textOf(reflect.ValueOf(core).Field(i))
			}
		}
		d := connectors.DetailsOf[details](core.Record())
		return text + "|" + d.Rank + "|" + textOf(reflect.ValueOf(d.Secret))
	case directory.RoleGrant:
		return x.Role.ID + x.Account.Core().ID + fmt.Sprint(x.Active())
	case *directory.UserEmail:
		text := fmt.Sprint(x.Address, x.Trust)
		for _, s := range x.Sources {
			text += " " + s.ID
		}
		return text
	case time.Time:
		return x.UTC().String()
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return "nil"
		}
		if id := v.Elem(); id.Kind() == reflect.Struct && id.FieldByName("ID").IsValid() {
			return id.FieldByName("ID").String()
		}
		return fmt.Sprint(v.Elem().Interface())
	case reflect.Slice:
		text := fmt.Sprint(v.IsNil())
		for i := range v.Len() {
			text += "," + textOf(v.Index(i))
		}
		return text
	}
	return fmt.Sprintf("%#v", v.Interface())
}

// apply is what a client does with changes: it reads again what they name.
func (s shown) apply(t rapid.TB, told []changes.Change, now shown) {
	t.Helper()
	before := maps.Clone(s)
	for _, c := range told {
		if c.Kind == changes.Source {
			continue
		}
		switch c.Action {
		case changes.Removed:
			if s[c.ID] == nil {
				t.Errorf("%s is removed and was not there", c.ID)
			}
			delete(s, c.ID)
		case changes.Merged:
			if s[c.ID] == nil || now[c.RelatedID] == nil {
				t.Errorf("%s is merged into %s: one of them is not there", c.ID, c.RelatedID)
			}
			delete(s, c.ID)
			s[c.RelatedID] = now[c.RelatedID]
		case changes.Added, changes.Split:
			if s[c.ID] != nil {
				t.Errorf("%s is %v and was there", c.ID, c.Action)
			}
			s[c.ID] = now[c.ID]
		case changes.Updated:
			var differ []string
			for name := range now[c.ID] {
				if before[c.ID][name] != now[c.ID][name] {
					differ = append(differ, name)
				}
			}
			slices.Sort(differ)
			var fields []string
			for _, f := range c.Fields {
				f, _, _ = strings.Cut(strings.ToLower(f), ".")
				fields = append(fields, f)
			}
			slices.Sort(fields)
			if diff := cmp.Diff(differ, slices.Compact(fields)); diff != "" {
				t.Errorf("the fields of %s (-differ +told):\n%s", c.ID, diff)
			}
			s[c.ID] = now[c.ID]
		}
	}
}

// The worlds differ in every field that a client can see, so a field that Compare forgets is noticed.
func TestWorldsDifferInEachField(t *testing.T) {
	t.Parallel()
	type of struct{ typ, field string }
	values := make(map[of]map[string]string) // of one object, by its ID
	differs := make(map[of]bool)
	see := func(id string, typ reflect.Type, fields map[string]string) {
		for name, text := range fields {
			key := of{typ.Name(), name}
			if values[key] == nil {
				values[key] = make(map[string]string)
			}
			if earlier, seen := values[key][id]; seen && earlier != text {
				differs[key] = true
			}
			values[key][id] = text
		}
	}
	for seed := range 300 {
		d := directory.Build(directory.Rules{}, rapid.Custom(world).Example(seed))
		all := d.Everything()
		for _, u := range all.Users {
			see(u.ID, reflect.TypeOf(*u), fieldsOf(u))
			for _, a := range u.Accounts {
				see(a.Core().ID, reflect.TypeOf(*a.Core()), fieldsOf(a.Core()))
			}
		}
		for _, x := range all.Teams {
			see(x.ID, reflect.TypeOf(*x), fieldsOf(x))
		}
		for _, x := range all.Roles {
			see(x.ID, reflect.TypeOf(*x), fieldsOf(x))
		}
		for _, x := range all.Folders {
			see(x.ID, reflect.TypeOf(*x), fieldsOf(x))
		}
		for _, x := range all.Contacts {
			see(x.ID, reflect.TypeOf(*x), fieldsOf(x))
		}
	}
	types := make(map[string]bool)
	for key := range values {
		if types[key.typ] = true; !differs[key] {
			t.Errorf("%s.%s is the same in all worlds: let world draw it", key.typ, key.field)
		}
	}
	if len(types) != 6 {
		t.Errorf("the worlds have only the types %v", types)
	}
}

func TestChangesAppliedToTheOldStateGiveTheNewOne(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		before := directory.Build(rules(t), world(t))
		after := directory.Build(rules(t), world(t))
		was, is := stateOf(before, nil), stateOf(after, nil)
		for i := range is.Sources { // a right that is lost is another test's matter
			is.Sources[i].Collections = was.Sources[i].Collections
		}
		client := show(before)
		client.apply(t, changes.Compare(was, is), show(after))
		if diff := cmp.Diff(show(after), client); diff != "" {
			t.Errorf("(-state +replayed):\n%s", diff)
		}
		if told := changes.Compare(is, is); len(told) > 0 {
			t.Errorf("a state differs from itself: %v", told)
		}
	})
}

// An object of a source that is not reset is told exactly, whatever becomes of other sources; and nothing is removed whose source lacks data.
func TestOnlyCompleteDataRemoves(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lacking := map[string]bool{"a": rapid.Bool().Draw(t, "a lacks"), "b": rapid.Bool().Draw(t, "b lacks")}
		gone := rapid.SampledFrom([]string{"", "c"}).Draw(t, "gone")
		of := rules(t)
		before, data := directory.Build(of, world(t)), world(t)
		if gone != "" { // its data has expired
			data[2] = directory.SourceData{Name: "c", Kind: "other", Versions: []string{"gone"}}
		}
		after := directory.Build(of, data)
		was, is := stateOf(before, nil), stateOf(after, lacking)
		if gone != "" {
			is.Sources[2].Collections = nil
		}
		told := changes.Compare(was, is)
		reset := make(map[string]bool)
		for _, c := range told {
			if c.Reset {
				reset[c.Label] = true
			}
		}
		if gone != "" && !reset["c"] {
			t.Error("nobody is told that the data of source c is gone")
		}
		for _, c := range told {
			if c.Kind != changes.Source && (c.Action == changes.Removed) && slices.ContainsFunc(c.Sources, func(s string) bool { return lacking[s] || s == gone }) {
				t.Errorf("%v is removed, although a source of it lacks data", c)
			}
		}
		client := show(before)
		client.apply(t, told, show(after))
		// What the client shows of sources that are not reset is as it is now.
		current := show(after)
		ofReset := func(d *directory.Directory) map[string]bool {
			out, all := make(map[string]bool), d.Everything()
			for _, u := range all.Users {
				out[u.ID] = slices.ContainsFunc(u.Accounts, func(a directory.Account) bool { return reset[a.Core().Source.Name] })
			}
			for _, x := range all.Teams {
				out[x.ID] = reset[x.Source.Name]
			}
			for _, x := range all.Roles {
				out[x.ID] = reset[x.Source.Name]
			}
			for _, x := range all.Folders {
				out[x.ID] = reset[x.Source.Name]
			}
			for _, x := range all.Contacts {
				out[x.ID] = reset[x.Source.Name]
			}
			return out
		}
		dropReset := func(s shown) shown {
			s = maps.Clone(s)
			for _, d := range []*directory.Directory{before, after} {
				for id, yes := range ofReset(d) {
					if yes {
						delete(s, id)
					}
				}
			}
			return s
		}
		// Somebody who was joined with a person of a reset source, or came out of one, is read anew with that source.
		wanted, got := dropReset(current), dropReset(client)
		for id := range got {
			if wanted[id] == nil && directory.TypeOf(id) == "User" {
				delete(got, id)
			}
		}
		for id := range wanted {
			if client[id] == nil && directory.TypeOf(id) == "User" {
				delete(wanted, id)
			}
		}
		if diff := cmp.Diff(wanted, got); diff != "" {
			t.Errorf("(-state +replayed):\n%s", diff)
		}
	})
}
