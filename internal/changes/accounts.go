package changes

import (
	"reflect"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/directory"
)

// accounts is the name of the field of a person's accounts.
const accounts = "accounts"

// accountFields are the fields that every reader may see. Their names do not matter: readers learn that the person's accounts have changed.
var accountFields = []field[*directory.AccountCore]{
	by("", func(a *directory.AccountCore) [9]string {
		return [...]string{a.ExternalID, a.Name, string(a.FirstName), string(a.LastName), string(a.Username), string(a.Email), string(a.Title), string(a.Department), string(a.AvatarURL)}
	}),
	by("", func(a *directory.AccountCore) [2]directory.Text { return [...]directory.Text{a.Locale, a.URL} }),
	by("", func(a *directory.AccountCore) bool { return a.Active }),
	by("", func(a *directory.AccountCore) connectors.AccessLevel { return a.AccessLevel }),
	{"", func(a, b *directory.AccountCore) bool { return a.CreatedAt.Equal(b.CreatedAt) }},
	{"", func(a, b *directory.AccountCore) bool {
		x, y := a.EmailTrust(), b.EmailTrust()
		return (x == nil) == (y == nil) && (x == nil || *x == *y)
	}},
	list("", func(a *directory.AccountCore) []*directory.Team { return a.Teams }, sameTeam),
	list("", func(a *directory.AccountCore) []*directory.Role { return a.Roles }, sameRole),
}

// changedAccounts returns the names of what has changed in a person's accounts: accounts for what everyone may see, and accounts.x for a field x that can
// need a scope.
func changedAccounts(a, b *directory.User) []string {
	if !slices.EqualFunc(a.Accounts, b.Accounts, func(a, b directory.Account) bool { return a.Core().ID == b.Core().ID }) {
		return []string{accounts}
	}
	var names []string
	for i := range a.Accounts {
		for _, name := range changedAccount(a.Accounts[i].Core(), b.Accounts[i].Core()) {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	return names
}

func changedAccount(a, b *directory.AccountCore) []string {
	var names []string
	if len(changed(accountFields, a, b)) > 0 {
		names = append(names, accounts)
	}
	if a.Record() == b.Record() { // the same record: nothing that the source tells has changed
		return names
	}
	if !slices.Equal(a.Phones, b.Phones) {
		names = append(names, accounts+".phones")
	}
	if !slices.Equal(a.Addresses, b.Addresses) {
		names = append(names, accounts+".addresses")
	}
	for _, name := range changedDetails(a.Record().Details, b.Record().Details) {
		names = append(names, accounts+"."+name)
	}
	return names
}

// attributes are details that only the source names.
type attributes interface {
	Attributes() []connectors.Attribute
}

// changedDetails returns the names of the GraphQL fields of an account's details that differ. They are the names of the Go fields, as gqlgen binds them.
func changedDetails(a, b connectors.Details) []string {
	if reflect.DeepEqual(a, b) {
		return nil
	}
	if _, ok := cmpDetails(a, b).(attributes); ok {
		return []string{"attributes"}
	}
	x, y := detailsValue(a), detailsValue(b)
	switch {
	case !x.IsValid():
		x = reflect.Zero(y.Type())
	case !y.IsValid():
		y = reflect.Zero(x.Type())
	}
	var names []string
	for i := range x.NumField() {
		if !x.Type().Field(i).IsExported() { // what is read from the others
			continue
		}
		if y.Type() != x.Type() || !reflect.DeepEqual(x.Field(i).Interface(), y.Field(i).Interface()) {
			name := x.Type().Field(i).Name
			names = append(names, strings.ToLower(name[:1])+name[1:])
		}
	}
	return names
}

// cmpDetails returns the first of two details that is there.
func cmpDetails(a, b connectors.Details) connectors.Details {
	if a == nil {
		return b
	}
	return a
}

// detailsValue returns the struct of details, or an invalid value if there are none.
func detailsValue(d connectors.Details) reflect.Value {
	if d == nil {
		return reflect.Value{}
	}
	return reflect.ValueOf(d).Elem()
}
