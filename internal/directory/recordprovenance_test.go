package directory_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// counted is an account that counts how often it is read.
type counted struct {
	*directory.AccountCore
	reads *int
}

func (c counted) Core() *directory.AccountCore {
	*c.reads++
	return c.AccountCore
}

// The provenance of a role or a team reads as many accounts whether two hundred people have it or twenty thousand, also if some have it by an inactive account only.
func TestProvenanceOfManyPeople(t *testing.T) {
	t.Parallel()
	for name, active := range map[string]func(i, people int) bool{
		"all are active":       func(int, int) bool { return true },
		"nobody is active":     func(int, int) bool { return false },
		"the first are active": func(i, _ int) bool { return i < 4 },
		"the last is inactive": func(i, people int) bool { return i < people-1 },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reads := func(people int) (n int) {
				data := oneRole(people)
				for i := range data[0].Accounts {
					data[0].Accounts[i].Active = active(i, people)
				}
				data[0].Account = func(a *directory.AccountCore) directory.Account { return counted{a, &n} }
				d := directory.Build(directory.Rules{}, data)
				records := explainedRecords(d)
				n = 0
				for _, r := range records {
					if p := r.provenance(seesAll); r.field == "name" && (len(p.Candidates) != 2 || p.Candidates[0].Account == nil) {
						t.Errorf("the candidates of %s are %v", r, p.Candidates)
					}
				}
				return n
			}
			if few, many := reads(200), reads(20_000); few != many || many > 100 {
				t.Errorf("%d accounts are read for 200 people, and %d for 20,000", few, many)
			}
		})
	}
}

// Each account calls the role something else. The candidates are few, and one of them contradicts the first.
func TestRoleWithManyNames(t *testing.T) {
	t.Parallel()
	data := oneRole(1_000)
	for i := range data[0].Accounts {
		name := "Closer"
		if i > 0 {
			name = fmt.Sprint("Closer ", i)
		}
		if i%2 > 0 {
			name = strings.ToUpper(name)
		}
		ref := &data[0].Accounts[i].Roles[0]
		ref.Name, ref.Access = name, connectors.AccessReader+connectors.AccessLevel(i%6)
	}
	data[0].Roles = []connectors.Role{{ID: "user", Name: "CLOSER"}}
	d := directory.Build(directory.Rules{}, data)
	role := listOf(nodes(d.Roles(nil, directory.PageArgs{First: new(1)})))[0]
	for field, want := range map[string][]string{
		"name":        {"CLOSER", "CLOSER 1", "Closer 2", "CLOSER 3", "Closer 4"},
		"accessLevel": {"Reader", "Guest", "Member", "Manager", "Admin"},
	} {
		p := d.ProvenanceOfRole(role, field, seesAll)
		var got []string
		for _, c := range p.Candidates {
			got = append(got, fmt.Sprint(c.Value.Any))
		}
		if !slices.Equal(got, want) || p.Conflict == nil || !*p.Conflict || got[0] != shown(valueOfRole(d, role, field)) {
			t.Errorf("%s: the candidates are %q, and conflict is %v", field, got, p.Conflict)
		}
	}
}

// A contact has an address of somebody with many accounts, and one of somebody else: the candidates show both people.
func TestContradictionIsAmongTheCandidates(t *testing.T) {
	t.Parallel()
	account := func(email string) []connectors.Account {
		return []connectors.Account{{ID: "1", Name: email, Active: true, Emails: []connectors.Email{{Address: email}}}}
	}
	data := []directory.SourceData{{Name: "crm", Contacts: []connectors.Contact{{ID: "c", Emails: []connectors.Email{{Address: "ann@acme.example"}, {Address: "ben@acme.example"}}}}}}
	for i := range 7 {
		data = append(data, directory.SourceData{Name: fmt.Sprint("source", i), Accounts: account("ann@acme.example")})
	}
	data = append(data, directory.SourceData{Name: "other", Accounts: account("ben@acme.example")})
	d := directory.Build(directory.Rules{}, data)
	contact := listOf(nodes(d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{First: new(1)})))[0]
	p := d.ProvenanceOfContact(contact, "user", seesAll)
	var by []string
	for _, c := range p.Candidates {
		by = append(by, c.Source.Name)
	}
	if want := []string{"source0", "source1", "source2", "source3", "other"}; !slices.Equal(by, want) || !*p.Conflict {
		t.Errorf("the candidates are of %q, and conflict is %t", by, *p.Conflict)
	}
}

// Many accounts have a contact's address, and none of them counts: a few are candidates, and each source that has one says so.
func TestContactOfManyAccounts(t *testing.T) {
	t.Parallel()
	data := oneRole(1_000)
	for i := range data[0].Accounts {
		data[0].Accounts[i].Emails = []connectors.Email{{Address: "all@acme.example", Synthetic: i%2 == 0}}
	}
	data[0].Contacts = []connectors.Contact{{ID: "c", Emails: []connectors.Email{{Address: "all@acme.example"}}}}
	data = append(data,
		directory.SourceData{Name: "mail", Accounts: []connectors.Account{{ID: "m", Emails: []connectors.Email{{Address: "all@acme.example"}}}}},
		directory.SourceData{Name: "none", Accounts: []connectors.Account{{ID: "n", Emails: []connectors.Email{{Address: "n@acme.example"}}}}})
	d := directory.Build(directory.Rules{}, data)
	contact := listOf(nodes(d.Contacts(nil, directory.ContactOrder{}, directory.PageArgs{First: new(1)})))[0]
	p := d.ProvenanceOfContact(contact, "user", seesAll)
	if len(p.Candidates) != directory.MaxRecordCandidates || p.State != directory.StateEmpty {
		t.Errorf("%d candidates, state %d", len(p.Candidates), p.State)
	}
	for _, c := range p.Candidates {
		if c.Reason != directory.ReasonAmbiguous || c.Chosen {
			t.Errorf("a candidate is %+v", c)
		}
	}
	for i, want := range []directory.FieldState{directory.StateEmpty, directory.StateEmpty, directory.StateNoAccount} {
		if got := p.Sources[i]; got.State != want {
			t.Errorf("the state in %s is %d", got.Source.Name, got.State)
		}
	}
}
