package conntest

import (
	"bytes"
	"net/url"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/connectors"
	"roster/connectors/wire"
)

// checkRecords checks the promises that the neutral records' fields make.
func checkRecords(t *testing.T, records any) {
	t.Helper()
	switch records := records.(type) {
	case []connectors.Account:
		for _, a := range records {
			checkAccount(t, a)
		}
	case []connectors.Contact:
		for _, c := range records {
			checkReach(t, "contact "+c.ID, c.Emails, c.Phones)
			checkLinks(t, "contact "+c.ID, c.URL)
			if c.Folder != nil && c.Folder.ID == "" && c.Folder.Name == "" {
				t.Errorf("contact %s: its folder has neither ID nor name", c.ID)
			}
		}
	case []connectors.Team:
		for _, team := range records {
			for _, id := range team.Members {
				if id == "" {
					t.Errorf("team %s has a member without an ID", team.ID)
				}
			}
		}
	}
}

// checkNever checks that no record has a value of a field that the kind is described never to have.
func (s Subject) checkNever(t *testing.T, records any) {
	t.Helper()
	if s.Kind == nil {
		return
	}
	var c connectors.Collection
	var fillings []connectors.FieldFilling
	switch records := records.(type) {
	case []connectors.Account:
		c, fillings = connectors.Accounts, connectors.Fillings(records)
	case []connectors.Team:
		c, fillings = connectors.Teams, connectors.Fillings(records)
	case []connectors.Role:
		c, fillings = connectors.Roles, connectors.Fillings(records)
	case []connectors.Contact:
		c, fillings = connectors.Contacts, connectors.Fillings(records)
	case []connectors.ContactFolder:
		c, fillings = connectors.ContactFolders, connectors.Fillings(records)
	}
	for _, f := range fillings {
		if f.Filled > 0 && !s.Kind.Offers(c, f.Field) {
			t.Errorf("%d %s have %s, which Kind.Never says that they never have", f.Filled, c, f.Field)
		}
	}
}

func checkAccount(t *testing.T, a connectors.Account) {
	t.Helper()
	what := "account " + a.ID
	checkReach(t, what, a.Emails, a.Phones)
	checkLinks(t, what, a.URL, a.AvatarURL)
	if a.Access == connectors.AccessNone {
		t.Errorf("%s: its access is none; only the directory says that", what)
	}
	for _, r := range a.Roles {
		if r.ID == "" {
			t.Errorf("%s: a role without an ID", what)
		}
	}
	for _, ref := range a.Teams {
		if ref.ID == "" && ref.Name == "" {
			t.Errorf("%s: a team with neither ID nor name", what)
		}
	}
	checkDetails(t, what, a.Details)
}

// sameDetails compares details by what a store keeps of them: checkDetails checks that this is everything. What a connector derives from it is not compared.
var sameDetails = cmp.Comparer(func(a, b connectors.Details) bool { return bytes.Equal(stored(a), stored(b)) })

// stored returns the form in which a store keeps details, or nil. Custom fields of contacts have the methods of details too.
func stored(d connectors.Details) []byte {
	if v := reflect.ValueOf(d); !v.IsValid() || v.IsNil() {
		return nil
	}
	encoder := wire.NewEncoder(nil)
	d.Fields(encoder)
	return encoder.Output()
}

// checkDetails checks that a store gives back all that the details hold.
func checkDetails(t *testing.T, what string, d connectors.Details) {
	t.Helper()
	if d == nil {
		return
	}
	read, _ := reflect.New(reflect.TypeOf(d).Elem()).Interface().(connectors.Details)
	decoder := wire.NewDecoder(stored(d))
	if read.Fields(decoder); decoder.Err() != nil || decoder.Len() > 0 || !reflect.DeepEqual(d, read) {
		t.Errorf("%s: its details are %+v, and %+v out of a store (%v)", what, d, read, decoder.Err())
	}
}

func checkReach(t *testing.T, what string, emails []connectors.Email, phones []connectors.Phone) {
	t.Helper()
	for _, e := range emails {
		if e.Address == "" || strings.TrimSpace(e.Address) != e.Address {
			t.Errorf("%s: the address %q is blank or has blanks around it", what, e.Address)
		}
	}
	for _, p := range phones {
		if p.Raw == "" || (p.E164 != "" && !strings.HasPrefix(p.E164, "+")) {
			t.Errorf("%s: the phone %+v", what, p)
		}
	}
}

func checkLinks(t *testing.T, what string, links ...string) {
	t.Helper()
	for _, link := range links {
		u, err := url.Parse(link)
		if link != "" && (err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "") {
			t.Errorf("%s: the link %q is not an absolute http or https URL", what, link)
		}
	}
}
