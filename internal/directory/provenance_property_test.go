package directory_test

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"roster/connectors"
	"roster/internal/directory"
)

// provenanceOrder are the fields that take the value of one account, with their precedence.
var provenanceOrder = map[string]directory.Field{
	"name": directory.FieldName, "firstName": directory.FieldFirstName, "lastName": directory.FieldLastName, "title": directory.FieldTitle,
	"department": directory.FieldDepartment, "email": directory.FieldEmail, "phones": directory.FieldPhones, "addresses": directory.FieldAddresses,
	"avatarUrl": directory.FieldAvatarURL, "locale": directory.FieldLocale,
}

// valueOf returns the value of a field of a person; "" or an empty list for none.
func valueOf(u *directory.User, field string) any {
	switch field {
	case "name":
		return u.Name
	case "firstName":
		return string(u.FirstName)
	case "lastName":
		return string(u.LastName)
	case "title":
		return string(u.Title)
	case "department":
		return string(u.Department)
	case "email":
		return string(u.Email)
	case "emails":
		all := []string{}
		for _, e := range u.Emails {
			all = append(all, strings.ToLower(e.Address))
		}
		return all
	case "phones":
		return u.Phones
	case "addresses":
		return u.Addresses
	case "avatarUrl":
		return string(u.AvatarURL)
	case "locale":
		return string(u.Locale)
	case "active":
		return u.Active
	case "bot":
		return u.Bot
	case "createdAt":
		return u.CreatedAt
	case "teams":
		return u.Teams
	case "roles":
		return u.Roles
	case "accessLevel":
		return u.AccessLevel
	}
	panic("a field that the test does not know: " + field)
}

// shown writes a value so that equal values have equal texts. The order of a list does not matter.
func shown(v any) string {
	var items []string
	add := func(item any) { items = append(items, fmt.Sprint(item)) }
	switch v := v.(type) {
	case []string:
		for _, x := range v {
			add(strings.ToLower(x))
		}
	case []connectors.Phone:
		for _, x := range v {
			add(x)
		}
	case []*directory.Team:
		for _, x := range v {
			add(x.ID)
		}
	case []*directory.Role:
		for _, x := range v {
			add(x.ID)
		}
	case *directory.User:
		return v.ID
	case *directory.ContactFolder:
		return v.ID
	case time.Time:
		return v.UTC().String()
	case nil:
		return ""
	default:
		return fmt.Sprint(v)
	}
	slices.Sort(items)
	return strings.Join(slices.Compact(items), "|")
}

// reachable draws a company whose accounts also have what company leaves out.
func reachable(t *rapid.T) (directory.Rules, []directory.SourceData) {
	rules, data := company(t)
	for _, s := range data {
		for i := range s.Accounts {
			a := &s.Accounts[i]
			a.LastName = pick(t, []string{"", "Adams", "Baker"})
			a.AvatarURL = pick(t, []string{"", "https://acme.example/1", "https://acme.example/2"})
			if n := rapid.IntRange(0, 3).Draw(t, "phone"); n > 0 {
				a.Phones = []connectors.Phone{{Raw: fmt.Sprint("044 000 00 0", n), E164: []string{"", "", "+380440000002", "+380440000002"}[n]}}
			}
			if n := rapid.IntRange(0, 2).Draw(t, "address"); n > 0 {
				a.Addresses = []string{fmt.Sprint("Street ", n)}
			}
		}
	}
	return rules, data
}

// seesAll is the sight of a caller who may see every field, of sources that have been fetched.
var seesAll = directory.Sight{
	Denied: func(string) bool { return false },
	Fetched: func(*directory.Source, connectors.Collection) (directory.Fetched, time.Time) {
		return directory.FetchedAll, time.Time{}
	},
}

// chosenOf returns the values of the chosen candidates; those of lists as one list.
func chosenOf(p *directory.FieldProvenance) []any {
	var values []any
	for _, c := range p.Candidates {
		if c.Chosen {
			values = append(values, c.Value.Any)
		}
	}
	return values
}

// The chosen candidates have the value that the person has. Without the chosen account, the person has the value of the next candidate.
func TestChosenCandidateIsTheValue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, data := reachable(t)
		d := directory.Build(rules, data)
		for _, u := range everyone(d) {
			for _, field := range directory.UserProvenanceFields() {
				p := d.ProvenanceOfUser(u, field, seesAll)
				value, chosen := valueOf(u, field), chosenOf(p)
				if p.Rule == directory.RuleUnion {
					var parts []string
					for _, c := range chosen {
						parts = append(parts, strings.Split(shown(c), "|")...)
					}
					slices.Sort(parts)
					if got, want := strings.Join(slices.Compact(parts), "|"), shown(value); got != want {
						t.Fatalf("%s of %s is %q, and the chosen candidates are %q", field, u.Name, want, got)
					}
					continue
				}
				for _, c := range chosen {
					if shown(c) != shown(value) {
						t.Fatalf("%s of %s is %q, and a chosen candidate is %q", field, u.Name, shown(value), shown(c))
					}
				}
				if has := len(chosen) > 0; has != (shown(value) != "" && !(field == "createdAt" && u.CreatedAt.IsZero()) &&
					!(field == "accessLevel" && u.AccessLevel <= connectors.AccessUnknown)) { // which no source says
					t.Fatalf("%s of %s is %q, and it has a chosen candidate: %t", field, u.Name, shown(value), has)
				}
			}
		}
	})
}

func TestNextCandidateFollows(t *testing.T) {
	t.Parallel()
	followed := 0
	rapid.Check(t, func(t *rapid.T) {
		rules, data := reachable(t)
		var link []connectors.Ref // so that more people have several accounts
		for _, s := range data {
			if len(s.Accounts) > 0 {
				link = append(link, connectors.Ref{Source: s.Name, ID: s.Accounts[0].ID})
			}
		}
		rules.Links = append(rules.Links, link)
		d := directory.Build(rules, data)
		for _, u := range everyone(d) {
			for field := range provenanceOrder {
				p := d.ProvenanceOfUser(u, field, seesAll)
				if len(u.Accounts) < 2 || p.Account == nil {
					continue
				}
				gone := refOf(p.Account)
				rest := slices.DeleteFunc(slices.Clone(u.Accounts), func(a directory.Account) bool { return refOf(a) == gone })
				without := slices.Clone(data)
				for i := range without {
					if without[i].Name == gone.Source {
						without[i].Accounts = slices.DeleteFunc(slices.Clone(without[i].Accounts), func(a connectors.Account) bool { return a.ID == gone.ID })
					}
				}
				next := directory.Build(rules, without).UserByAccount(refOf(rest[0]))
				if !slices.EqualFunc(next.Accounts, rest, func(a, b directory.Account) bool { return refOf(a) == refOf(b) }) {
					continue // other accounts are one person now
				}
				followed++
				var want any
				for _, c := range p.Candidates[1:] {
					if c.Reason == directory.ReasonLessPreferred || c.Reason == directory.ReasonLesserKind {
						want = c.Value.Any
						break
					}
				}
				if got := valueOf(next, field); shown(got) != shown(want) {
					t.Fatalf("without %s, %s of %s is %q; the next candidate was %q", gone, field, u.Name, shown(got), shown(want))
				}
			}
		}
	})
	if followed < 100 {
		t.Errorf("only %d times was there another account", followed)
	}
}

// drawSight draws how far each collection has been fetched.
func drawSight(t *rapid.T, d *directory.Directory) directory.Sight {
	type key struct {
		source     string
		collection connectors.Collection
	}
	states, at := map[key]directory.Fetched{}, map[key]time.Time{}
	for _, s := range d.Sources() {
		for _, c := range connectors.AllCollections {
			k := key{s.Name, c}
			states[k] = directory.Fetched(rapid.IntRange(0, int(directory.FetchedNever)).Draw(t, "fetched"))
			if rapid.Bool().Draw(t, "at") {
				at[k] = time.Unix(int64(rapid.IntRange(1, 5).Draw(t, "second")), 0)
			}
		}
	}
	return directory.Sight{
		Denied: func(string) bool { return false },
		Fetched: func(s *directory.Source, c connectors.Collection) (directory.Fetched, time.Time) {
			return states[key{s.Name, c}], at[key{s.Name, c}]
		},
	}
}

// In any directory, provenance is what a plain oracle says.
func TestProvenanceIsThatOfTheOracle(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rules, data := reachable(t)
		d := directory.Build(rules, data)
		sight := drawSight(t, d)
		for _, u := range everyone(d) {
			for _, field := range directory.UserProvenanceFields() {
				want, got := oracle{d, rules, sight, u, field}.provenance(), written(d.ProvenanceOfUser(u, field, sight))
				if diff := gocmp.Diff(want, got); diff != "" {
					t.Fatalf("%s of %s (-oracle +got):\n%s", field, u.Name, diff)
				}
			}
		}
	})
}

// written writes all of a provenance, line by line.
func written(p *directory.FieldProvenance) []string {
	account := ""
	if p.Account != nil {
		account = refOf(p.Account).String()
	}
	lines := []string{fmt.Sprintf("%d %q at %d conflict %t", p.State, account, seconds(p.ObservedAt), *p.Conflict)}
	for _, c := range p.Candidates {
		lines = append(lines, fmt.Sprintf("%s %q at %d %t %d", refOf(c.Account), shown(c.Value.Any), seconds(c.ObservedAt), c.Chosen, c.Reason))
	}
	for _, s := range p.Sources {
		lines = append(lines, fmt.Sprintf("%s %d", s.Source.Name, s.State))
	}
	return lines
}

func seconds(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.Unix()
}

// oracle explains one field of one person by loops over the accounts, without the table of the build.
type oracle struct {
	d     *directory.Directory
	rules directory.Rules
	sight directory.Sight
	user  *directory.User
	field string
}

// offer is what an account has.
type offer struct {
	account directory.Account
	value   any
	grade   int
	reason  directory.CandidateReason // of a value that does not count
}

func (o oracle) provenance() []string {
	var counting, others []offer
	for _, a := range o.user.Accounts {
		if of := o.offerOf(a); of.value != nil && of.reason == 0 {
			counting = append(counting, of)
		} else if of.value != nil {
			others = append(others, of)
		}
	}
	one := provenanceOrder[o.field] != ""
	if one {
		slices.SortStableFunc(counting, func(x, y offer) int {
			return cmp.Or(cmp.Compare(x.grade, y.grade), cmp.Compare(o.place(x), o.place(y)))
		})
	}
	union := o.field == "emails" || o.field == "teams" || o.field == "roles"
	lines, account, at := []string{}, "", int64(0)
	for i, of := range counting {
		reason := directory.ReasonCombined
		switch {
		case one && i == 0:
			reason = directory.ReasonPreferred
		case one && of.grade > counting[0].grade:
			reason = directory.ReasonLesserKind
		case one:
			reason = directory.ReasonLessPreferred
		}
		chosen := i == 0 || !one
		lines = append(lines, fmt.Sprintf("%s %q at %d %t %d", refOf(of.account), shown(of.value), o.at(of.account.Core().Source), chosen, reason))
		if chosen && i == 0 {
			account = refOf(of.account).String()
		}
		if s := o.at(of.account.Core().Source); chosen && s != 0 && (at == 0 || s < at) {
			at = s
		}
	}
	if union && len(counting) > 1 {
		account = ""
	}
	for _, of := range others {
		lines = append(lines, fmt.Sprintf("%s %q at %d false %d", refOf(of.account), shown(of.value), o.at(of.account.Core().Source), of.reason))
	}
	state, noneAt := directory.StateNotOffered, map[directory.FieldState]int64{}
	for _, s := range o.d.Sources() {
		in := o.stateIn(s, counting, others)
		lines = append(lines, fmt.Sprintf("%s %d", s.Name, in))
		state = min(state, in)
		_, accounts := o.sight.Fetched(s, connectors.Accounts)
		shows := map[directory.FieldState]int64{directory.StateEmpty: o.at(s), directory.StateNoAccount: seconds(accounts)}[in]
		if shows != 0 && (noneAt[in] == 0 || shows < noneAt[in]) {
			noneAt[in] = shows
		}
	}
	if state != directory.StatePresent {
		at = noneAt[state]
	}
	return append([]string{fmt.Sprintf("%d %q at %d conflict %t", state, account, at, one && o.conflict(counting))}, lines...)
}

// place is an account's place in the order of the field.
func (o oracle) place(of offer) int {
	if of.grade == 3 {
		return 0
	}
	names := o.rules.Precedence[provenanceOrder[o.field]]
	for _, s := range o.d.Sources() {
		if !slices.Contains(names, s.Name) {
			names = append(slices.Clone(names), s.Name)
		}
	}
	return slices.Index(names, of.account.Core().Source.Name)
}

func (o oracle) conflict(counting []offer) bool {
	seen := map[string]bool{}
	for _, of := range counting {
		if of.grade == counting[0].grade {
			text := shown(of.value)
			if phones, ok := of.value.([]connectors.Phone); ok {
				var numbers []string
				for _, p := range phones {
					numbers = append(numbers, cmp.Or(p.E164, p.Raw))
				}
				slices.Sort(numbers)
				text = strings.Join(numbers, "|")
			}
			if o.field != "phones" && o.field != "addresses" {
				text = strings.ToLower(text)
			}
			seen[text] = true
		}
	}
	return len(seen) > 1
}

func (o oracle) offerOf(account directory.Account) offer {
	a, r := account.Core(), account.Core().Record()
	text := func(t directory.Text) offer {
		if t == "" {
			return offer{}
		}
		return offer{account: account, value: string(t)}
	}
	decides := func(v any, is bool, otherwise directory.CandidateReason) offer {
		if is {
			otherwise = 0
		}
		return offer{account: account, value: v, reason: otherwise}
	}
	switch o.field {
	case "name":
		named := a.Name != string(a.Username) && a.Name != string(a.Email) && a.Name != a.ExternalID
		switch {
		case named || strings.TrimSpace(r.Name+r.FirstName+r.LastName) != "":
			return offer{account: account, value: a.Name}
		case a.Username != "":
			return offer{account: account, value: string(a.Username), grade: 1}
		case a.Email != "":
			return offer{account: account, value: string(a.Email), grade: 2}
		}
		return offer{account: account, value: a.ExternalID, grade: 3}
	case "firstName":
		return text(a.FirstName)
	case "lastName":
		return text(a.LastName)
	case "title":
		return text(a.Title)
	case "department":
		return text(a.Department)
	case "avatarUrl":
		return text(a.AvatarURL)
	case "locale":
		return text(a.Locale)
	case "email":
		for i, address := range directory.AddressesOf(a) {
			if directory.TrustsOf(a)[i] > connectors.TrustNone {
				return offer{account: account, value: address}
			}
		}
		of := text(a.Email)
		of.reason = directory.ReasonUntrusted
		return of
	case "emails":
		if all := directory.AddressesOf(a); len(all) > 0 {
			return offer{account: account, value: all}
		}
	case "phones":
		if len(a.Phones) > 0 {
			return offer{account: account, value: a.Phones}
		}
	case "addresses":
		if len(a.Addresses) > 0 {
			return offer{account: account, value: a.Addresses}
		}
	case "active":
		return decides(a.Active, a.Active == o.user.Active, directory.ReasonOutweighed)
	case "bot":
		return decides(r.Bot, r.Bot == o.user.Bot, directory.ReasonOutweighed)
	case "createdAt":
		if !a.CreatedAt.IsZero() {
			return decides(a.CreatedAt, a.CreatedAt.Equal(o.user.CreatedAt), directory.ReasonOutweighed)
		}
	case "teams":
		if len(a.Teams) > 0 {
			return offer{account: account, value: a.Teams}
		}
	case "roles":
		if len(a.Roles) > 0 {
			return decides(a.Roles, a.Active, directory.ReasonInactive)
		}
	case "accessLevel":
		switch {
		case r.Access <= connectors.AccessUnknown:
			return offer{}
		case !a.Active:
			return decides(r.Access, false, directory.ReasonInactive)
		}
		return decides(r.Access, r.Access == o.user.AccessLevel, directory.ReasonOutweighed)
	}
	return offer{}
}

func (o oracle) stateIn(s *directory.Source, counting, others []offer) directory.FieldState {
	for _, of := range slices.Concat(counting, others) {
		if of.account.Core().Source == s && of.reason != directory.ReasonUntrusted && of.reason != directory.ReasonInactive {
			return directory.StatePresent
		}
	}
	accounts, _ := o.sight.Fetched(s, connectors.Accounts)
	if accounts == directory.FetchedNever {
		return directory.StateNotOffered
	}
	there, hidden := false, false
	for _, a := range o.user.Accounts {
		if a.Core().Source != s {
			continue
		}
		there = true
		switch o.field {
		case "email", "emails":
			hidden = hidden || a.Core().Record().Emails == nil
		case "teams":
			hidden = hidden || s.Restricts(connectors.Teams)
		case "roles":
			hidden = hidden || a.Core().Roles == nil
		case "accessLevel":
			hidden = hidden || a.Core().Roles == nil && a.Core().Record().Access <= connectors.AccessUnknown
		}
	}
	other, two := o.other()
	second, _ := o.sight.Fetched(s, other)
	switch {
	case !there && accounts == directory.FetchedForbidden, hidden, there && two && second == directory.FetchedForbidden:
		return directory.StateRestricted
	case !there && accounts == directory.FetchedPart, there && two && second == directory.FetchedPart:
		return directory.StateUnavailable
	case there:
		return directory.StateEmpty
	}
	return directory.StateNoAccount
}

// other returns the other collection of which the field is made.
func (o oracle) other() (connectors.Collection, bool) {
	switch o.field {
	case "teams":
		return connectors.Teams, true
	case "roles":
		return connectors.Roles, true
	}
	return 0, false
}

func (o oracle) at(s *directory.Source) int64 {
	_, accounts := o.sight.Fetched(s, connectors.Accounts)
	at := seconds(accounts)
	if other, has := o.other(); has {
		if _, t := o.sight.Fetched(s, other); seconds(t) != 0 && (at == 0 || seconds(t) < at) {
			at = seconds(t)
		}
	}
	return at
}
