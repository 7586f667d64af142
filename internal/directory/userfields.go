package directory

import (
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/address"
)

// userField is a field of User that is made from the accounts of the person. The build merges by this table, and provenance explains by it, so that the
// explanation is always that of the value.
type userField struct {
	name string // in the graph
	rule FieldRule
	// order is the field whose precedence of sources counts; empty if there is none.
	order Field
	// times is the field whose ChangedAt is that of the value.
	times Field
	// offered is the field of connectors.Account that the value is made from, as connectors.Kind names it.
	offered connectors.RecordField
	// collection is the one from which the value is made besides the accounts; connectors.Accounts for none.
	collection connectors.Collection
	// merge sets the field of a person whose Accounts are set.
	merge func(*merger, *User)
	// of returns what one account of a merged person has for the field.
	of func(*User, *AccountCore) contribution
	// assumed is true if an account has a value also if its source says nothing: that is no candidate where the kind of source never has the field.
	assumed bool
	// hidden reports whether the source does not show the field of this account. It is nil if a source cannot say so.
	hidden func(*AccountCore) bool
}

// contribution is what one account has for a field of its person.
type contribution struct {
	value any // see Value; nil if the account has none
	// grade orders the kinds of values, the best first: a real name is better than a user name.
	grade int
	// against says why the value does not count; zero if it does.
	against CandidateReason
	// key is equal for equal values, for fields that take the value of one account.
	key string
}

// userFields are in the order of the schema.
var userFields = []userField{
	{
		name: "name", rule: RuleFallback, order: FieldName, times: FieldName, offered: connectors.FieldName,
		merge: func(m *merger, u *User) { u.Name = m.name(u) }, of: nameOf,
	},
	textField("firstName", FieldFirstName, connectors.FieldFirstName,
		func(a *AccountCore) Text { return a.FirstName }, func(u *User) *Text { return &u.FirstName }),
	textField("lastName", FieldLastName, connectors.FieldLastName,
		func(a *AccountCore) Text { return a.LastName }, func(u *User) *Text { return &u.LastName }),
	textField("title", FieldTitle, connectors.FieldTitle, func(a *AccountCore) Text { return a.Title }, func(u *User) *Text { return &u.Title }),
	textField("department", FieldDepartment, connectors.FieldDepartment,
		func(a *AccountCore) Text { return a.Department }, func(u *User) *Text { return &u.Department }),
	{
		name: "email", rule: RulePrecedence, order: FieldEmail, times: FieldEmail, offered: connectors.FieldEmails, hidden: hidesEmails,
		merge: func(m *merger, u *User) { u.Email = m.text(u, FieldEmail, (*AccountCore).vouched) }, of: emailOf,
	},
	{
		name: "emails", rule: RuleUnion, times: FieldEmail, offered: connectors.FieldEmails, hidden: hidesEmails, merge: mergeEmails,
		of: func(_ *User, a *AccountCore) contribution {
			if len(a.emails) == 0 {
				return contribution{}
			}
			shown := make([]string, len(a.emails))
			for i, e := range a.emails {
				shown[i] = e.shown
			}
			return contribution{value: shown}
		},
	},
	listField("phones", FieldPhones, connectors.FieldPhones, func(a *AccountCore) []connectors.Phone { return a.Phones },
		func(u *User) *[]connectors.Phone { return &u.Phones }, phoneKey),
	listField("addresses", FieldAddresses, connectors.FieldAddresses, func(a *AccountCore) []string { return a.Addresses },
		func(u *User) *[]string { return &u.Addresses }, func(address string) string { return address }),
	textField("avatarUrl", FieldAvatarURL, connectors.FieldAvatarURL,
		func(a *AccountCore) Text { return a.AvatarURL }, func(u *User) *Text { return &u.AvatarURL }),
	textField("locale", FieldLocale, connectors.FieldLocale, func(a *AccountCore) Text { return a.Locale }, func(u *User) *Text { return &u.Locale }),
	combined("active", FieldActive, RuleAny, connectors.FieldActive, false,
		func(a *AccountCore) bool { return a.Active }, func(u *User) *bool { return &u.Active }, func(x, y bool) bool { return x || y }),
	combined("bot", FieldBot, RuleAll, connectors.FieldBot, true,
		func(a *AccountCore) bool { return a.record.Bot }, func(u *User) *bool { return &u.Bot }, func(x, y bool) bool { return x && y }),
	combined("createdAt", FieldCreatedAt, RuleEarliest, connectors.FieldCreatedAt, time.Time{},
		func(a *AccountCore) time.Time { return a.CreatedAt }, func(u *User) *time.Time { return &u.CreatedAt }, earlier),
	{
		name: "teams", rule: RuleUnion, times: FieldTeams, offered: connectors.FieldTeams, collection: connectors.Teams,
		hidden: func(a *AccountCore) bool { return a.Source.Restricts(connectors.Teams) }, merge: mergeTeams,
		of: func(_ *User, a *AccountCore) contribution {
			if len(a.Teams) == 0 {
				return contribution{}
			}
			return contribution{value: a.Teams}
		},
	},
	{
		name: "roles", rule: RuleUnion, times: FieldRoles, offered: connectors.FieldRoles, collection: connectors.Roles,
		hidden: func(a *AccountCore) bool { return a.Roles == nil }, merge: mergeRoles,
		of: func(_ *User, a *AccountCore) contribution {
			switch {
			case len(a.Roles) == 0:
				return contribution{}
			case !a.Active:
				return contribution{value: a.Roles, against: ReasonInactive}
			}
			return contribution{value: a.Roles}
		},
	},
	{
		name: "accessLevel", rule: RuleHighest, times: FieldAccessLevel, offered: connectors.FieldAccessLevel,
		hidden: func(a *AccountCore) bool { return a.record.Access <= connectors.AccessUnknown && a.Roles == nil },
		merge: func(_ *merger, u *User) {
			for _, a := range u.Accounts {
				u.AccessLevel = max(u.AccessLevel, a.Core().AccessLevel)
			}
		},
		of: levelOf,
	},
}

// textField is a field with the text of the first account that has one.
func textField(name string, order Field, offered connectors.RecordField, get func(*AccountCore) Text, at func(*User) *Text) userField {
	return userField{
		name: name, rule: RulePrecedence, order: order, times: order, offered: offered,
		merge: func(m *merger, u *User) { *at(u) = m.text(u, order, get) },
		of:    func(_ *User, a *AccountCore) contribution { return textOf(get(a), 0) },
	}
}

func textOf(t Text, grade int) contribution {
	if t == "" {
		return contribution{}
	}
	return contribution{value: string(t), grade: grade, key: nameKey(string(t))}
}

// listField is a field with the list of the first account that has one. Two lists are equal if their keys are.
func listField[T any](
	name string, order Field, offered connectors.RecordField, get func(*AccountCore) []T, at func(*User) *[]T, key func(T) string,
) userField {
	return userField{
		name: name, rule: RulePrecedence, order: order, times: order, offered: offered,
		merge: func(m *merger, u *User) {
			list, _ := first(m, u, order, func(a *AccountCore) ([]T, bool) { l := get(a); return l, len(l) > 0 })
			*at(u) = nonNil(list)
		},
		of: func(_ *User, a *AccountCore) contribution {
			list := get(a)
			if len(list) == 0 {
				return contribution{}
			}
			keys := make([]string, len(list))
			for i, x := range list {
				keys[i] = key(x)
			}
			slices.Sort(keys)
			return contribution{value: list, key: strings.Join(keys, "\x00")}
		},
	}
}

// phoneKey compares phones by their number; the kind does not matter.
func phoneKey(p connectors.Phone) string {
	if p.E164 != "" {
		return p.E164
	}
	return p.Raw
}

// combined is a field that all accounts have, and that is folded from them. An account decides the field if it has its value.
func combined[T comparable](
	name string, times Field, rule FieldRule, offered connectors.RecordField, start T, get func(*AccountCore) T, at func(*User) *T, fold func(x, y T) T,
) userField {
	_, assumed := any(start).(bool)
	return userField{
		name: name, rule: rule, times: times, offered: offered, assumed: assumed,
		merge: func(_ *merger, u *User) {
			v := start
			for _, a := range u.Accounts {
				v = fold(v, get(a.Core()))
			}
			*at(u) = v
		},
		of: func(u *User, a *AccountCore) contribution {
			v := get(a)
			if t, is := any(v).(time.Time); is && t.IsZero() {
				return contribution{}
			}
			c := contribution{value: v}
			if !same(v, *at(u)) {
				c.against = ReasonOutweighed
			}
			return c
		},
	}
}

// same compares two values. Times are equal if they are the same instant.
func same[T comparable](x, y T) bool {
	if t, is := any(x).(time.Time); is {
		other, _ := any(y).(time.Time)
		return t.Equal(other)
	}
	return x == y
}

// levelOf returns the level that the source says. One that it does not report is none.
func levelOf(u *User, a *AccountCore) contribution {
	level := a.record.Access
	switch {
	case level <= connectors.AccessUnknown:
		return contribution{}
	case !a.Active:
		return contribution{value: level, against: ReasonInactive}
	case level < u.AccessLevel:
		return contribution{value: level, against: ReasonOutweighed}
	}
	return contribution{value: level}
}

// earlier returns the earlier of two times; a zero time is none.
func earlier(x, y time.Time) time.Time {
	if !y.IsZero() && (x.IsZero() || y.Before(x)) {
		return y
	}
	return x
}

// nameKinds are the kinds of names, the best first. The source's ID of the first account comes after all of them.
var nameKinds = [...]func(*AccountCore) Text{
	func(a *AccountCore) Text { return Text(a.realName) },
	func(a *AccountCore) Text { return a.Username },
	func(a *AccountCore) Text { return a.Email },
}

func nameOf(_ *User, a *AccountCore) contribution {
	for grade, kind := range nameKinds {
		if t := kind(a); t != "" {
			return textOf(t, grade)
		}
	}
	return contribution{value: a.ExternalID, grade: len(nameKinds), key: a.ExternalID}
}

// vouched returns the first address for which the source vouches.
func (a *AccountCore) vouched() Text {
	for _, e := range a.emails {
		if e.trust > connectors.TrustNone {
			return Text(e.shown)
		}
	}
	return ""
}

func emailOf(_ *User, a *AccountCore) contribution {
	if t := a.vouched(); t != "" {
		return contribution{value: string(t), key: address.Key(string(t))}
	}
	if len(a.emails) == 0 {
		return contribution{}
	}
	return contribution{value: a.emails[0].shown, against: ReasonUntrusted}
}

func hidesEmails(a *AccountCore) bool { return a.record.Emails == nil }

func mergeEmails(_ *merger, u *User) {
	var known connectors.Distinct[string]
	for _, outer := range u.Accounts {
		a := outer.Core()
		for _, e := range a.emails {
			at, added := known.Add(e.key)
			if added {
				u.Emails = append(u.Emails, &UserEmail{Address: e.shown})
			}
			x := u.Emails[at]
			x.Trust = max(x.Trust, e.trust)
			if n := len(x.Sources); n == 0 || x.Sources[n-1] != a.Source { // a person's accounts come by source
				x.Sources = append(x.Sources, a.Source)
			}
		}
	}
}

func mergeTeams(_ *merger, u *User) {
	var teams connectors.Distinct[*Team]
	for _, a := range u.Accounts {
		for _, t := range a.Core().Teams {
			teams.Add(t)
		}
	}
	u.Teams = teams.Values()
}

func mergeRoles(_ *merger, u *User) {
	var roles connectors.Distinct[*Role]
	for _, outer := range u.Accounts {
		a := outer.Core()
		for _, r := range a.Roles {
			u.RoleGrants = append(u.RoleGrants, RoleGrant{Role: r, Account: outer})
			if a.Active {
				roles.Add(r)
			}
		}
	}
	u.Roles = roles.Values()
}
