package resolvers_test

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/connectors/altcraft"
	"roster/connectors/kommo"
	"roster/connectors/rocketchat"
	"roster/connectors/worksection"
	"roster/internal/randdoc"
)

// invented makes random records. The pools are small, so that people, addresses and groups often coincide, and have text that JSON escapes.
type invented struct {
	dice         randdoc.Dice
	withPresence bool
}

var (
	inventedNames = []string{"Zoe Adams", "", "Zoë \"Z\" Adams", `back\slash`, "<b>&amp;</b>", "two\nlines\tand\r", "\u2028\u2029", "😀 smile", "\x01\x1f\x7f", "adam smith",
		"Ольга", "a\u0301", "\ufffd", "'/'", " "}
	inventedAddresses = []string{"zoe@acme.example", "Zoe@ACME.example ", "adam@acme.example", "olha@acme.example", "info@acme.example", "\"q\"@acme.example", "not an address", ""}
	inventedIDs       = []string{"1", "2", "3", "10", "007", "a/b", "Ünï", `x"y\z`, "<5>"}
	inventedGroups    = []string{"Sales", "", "Support", "sales", `R&D "core"`, "Line\nbreak"}
	inventedTimes     = []time.Time{{}, time.Unix(1_700_000_000, 0).UTC(), time.Unix(1_700_000_000, 123_456_789).UTC(),
		time.Date(2024, 2, 29, 23, 59, 59, 1000, time.FixedZone("", 2*3600+1800)), time.Unix(-1, 0).UTC()}
)

func (v invented) chance(n int) bool { return v.dice.IntN(n) == n-1 }

func oneOf[T any](v invented, of []T) T { return of[v.dice.IntN(len(of))] }

// some makes a few, or nil, which means that the source does not show them.
func some[T any](v invented, most int, one func() T) []T {
	if v.chance(5) {
		return nil
	}
	out := []T{}
	for range v.dice.IntN(most + 1) {
		out = append(out, one())
	}
	return out
}

// distinctly makes records with different IDs.
func distinctly[T connectors.Record](v invented, most int, one func() T) []T {
	var out []T
	known := make(map[string]bool)
	for range v.dice.IntN(most + 1) {
		if r := one(); !known[r.Key()] {
			known[r.Key()] = true
			out = append(out, r)
		}
	}
	return out
}

func (v invented) text(of ...string) string { return oneOf(v, of) }

func (v invented) email() connectors.Email {
	e := connectors.Email{Address: v.text(inventedAddresses...), Synthetic: v.chance(10)}
	if !v.chance(3) {
		e.Verified = new(!v.chance(3))
	}
	return e
}

func (v invented) phone() connectors.Phone {
	return connectors.Phone{Raw: v.text("+38 044 1", `"ext" 5`, ""), E164: v.text("", "+380441"), Kind: connectors.PhoneKind(v.dice.IntN(6))}
}

func (v invented) level() connectors.AccessLevel {
	return connectors.AccessUnknown + connectors.AccessLevel(v.dice.IntN(7))
}

func (v invented) permission() connectors.Permission {
	return connectors.Permission{Entity: v.text("leads", "<x>"), Action: v.text("view", "edit"), Grant: connectors.Grant(v.dice.IntN(5))}
}

func (v invented) handle() connectors.Handle {
	return connectors.Handle{Service: v.text("chat", "a\"b"), Value: v.text(inventedNames...)}
}

func (v invented) numbers() *float64 {
	return oneOf(v, []*float64{nil, new(0.0), new(12.5), new(-1e-7), new(1e21), new(123456789.125)})
}

func (v invented) details(kind connectors.KindName) connectors.Details {
	if v.chance(6) {
		return nil
	}
	switch kind {
	case "worksection":
		return &worksection.Details{Rate: v.numbers(), Chats: some(v, 2, v.handle), Socials: some(v, 2, v.handle), OtherContacts: v.text(inventedNames...)}
	case "kommo":
		return &kommo.Details{Admin: v.chance(2), Free: v.chance(2), MailAccess: v.chance(2), CatalogAccess: v.chance(2), Permissions: some(v, 2, v.permission),
			StagePermissions: some(v, 2, func() connectors.StagePermission {
				return connectors.StagePermission{Entity: "leads", PipelineID: v.text("", "p\"1"), StageID: v.text("s", ""), Action: "view", Grant: connectors.Grant(v.dice.IntN(5))}
			}), UUID: v.text("", "u-1"), ChatID: v.text("", "c<1>"), Rank: v.text("", "newbie", "candidate", "master", "new word")}
	case "altcraft":
		return &altcraft.Details{NotifyEmail: v.text("", "n@acme.example"), Master: v.chance(2)}
	case "rocketchat":
		d := &rocketchat.Details{Type: v.text("", "user", "bot"), UTCOffset: v.numbers()}
		d.SetCustomFields(oneOf(v, [][]byte{nil, []byte(`{}`), []byte(`{"t":"<&>\u2028","l":[1.50,null,true],"g":7}`), []byte(`{"g":12345678901234567890,"r":true,"s":"2026-05-11"}`)}))
		return d
	}
	return v.attributes()
}

// attributes are some that the graph shows by name, and others.
func (v invented) attributes() *connectors.Attributes {
	a := connectors.Attributes(some(v, 6, func() connectors.Attribute {
		return connectors.Attribute{Name: v.text("g", "t", "s", "r", "l", "other"), Value: v.text(append([]string{"1.5", "true", "2026-01-02T03:04:05Z", "0"}, inventedNames...)...)}
	}))
	return &a
}

func (v invented) customValues() *connectors.CustomValues {
	c := connectors.CustomValues(some(v, 6, func() connectors.CustomValue {
		return connectors.CustomValue{Path: v.text("g", "t", "s", "r", "l", "other"), Value: v.text(append([]string{"1.5", "true", "2026-01-02T03:04:05Z", "0"}, inventedNames...)...),
			Form: connectors.CustomForm(v.dice.IntN(3)), Field: v.text("", "n2")}
	}))
	return &c
}

// inventedFields are the custom fields of each source.
var inventedFields = []connectors.CustomField{
	{Path: "g", Name: "grade", Type: connectors.CustomNumber}, {Path: "t", Name: "team"}, {Path: "s", Name: "started", Type: connectors.CustomDate},
	{Path: "r", Name: "remote", Type: connectors.CustomBoolean}, {Path: "l", Name: "tags", Type: connectors.CustomList},
}

func (v invented) account(kind connectors.KindName) connectors.Account {
	return connectors.Account{
		ID: v.text(inventedIDs...), Name: v.text(inventedNames...), FirstName: v.text("", "Zoe"), LastName: v.text("", "O'Neil"), Username: v.text("", "zoe.a", `z"a`),
		Title: v.text("", "Head <of> Sales"), Department: v.text("", "R&D", "Office", " "), Emails: some(v, 3, v.email), Phones: some(v, 2, v.phone),
		Addresses: some(v, 2, func() string { return v.text("1 Main St", "line\nbreak", "") }), AvatarURL: v.text("", "https://x.example/a?b=1&c=<d>"), Locale: v.text("", "uk", "en-GB"),
		Active: !v.chance(4), Bot: v.chance(6), Access: v.level(),
		Roles: some(v, 2, func() connectors.RoleRef {
			return connectors.RoleRef{ID: v.text("1", "2", "x"), Name: v.text(inventedGroups...), Access: v.level()}
		}),
		Teams: some(v, 2, func() connectors.TeamRef {
			return connectors.TeamRef{ID: v.text("", "1", "2", "x"), Name: v.text(inventedGroups...)}
		}),
		URL: v.text("", "https://x.example/"), CreatedAt: oneOf(v, inventedTimes), Details: v.details(kind),
		Extra: oneOf(v, []*connectors.Extra{nil, {}, {Raw: []byte(`{"a":"<&>\u2028","n":[1.50,null,true]}`)}}),
	}
}

func (v invented) contact() connectors.Contact {
	c := connectors.Contact{
		ID: v.text(inventedIDs...), Name: v.text(inventedNames...), FirstName: v.text("", "Cem"), LastName: v.text("", "Öz"), Title: v.text("", "Buyer"), Emails: some(v, 2, v.email),
		Phones: some(v, 2, v.phone), Addresses: some(v, 2, func() string { return v.text("2 Side St", "") }), Tags: some(v, 2, func() string { return v.text("vip", "new", `"q"`) }),
		OwnerID: v.text(inventedIDs...), URL: v.text("", "https://y.example/<>"), CreatedAt: oneOf(v, inventedTimes), UpdatedAt: oneOf(v, inventedTimes),
	}
	if v.chance(2) {
		c.Custom = v.customValues()
	}
	if v.chance(2) {
		c.Folder = &connectors.FolderRef{ID: v.text("", "1", "2"), Name: v.text(inventedGroups...)}
	}
	return c
}

// unsteady lists the same records each time: complete, incomplete, not at all, or only for the first time.
func unsteady[T connectors.Record](v invented, source string, records []T) connectors.Lister[T] {
	e := &connectors.Error{Source: source, Op: "list", Kind: connectors.ErrorKind(v.dice.IntN(int(connectors.KindSuspiciousLoss))), Status: v.dice.IntN(2) * 503,
		Detail: v.text("", `it "failed"`), RetryAfter: time.Duration(v.dice.IntN(3)) * 40 * time.Second, Blocked: v.chance(8)}
	how := v.dice.IntN(12)
	if how == 11 {
		return nil // the source has no such collection
	}
	var began atomic.Int32
	return connectors.ListFunc[T](func(context.Context, connectors.Progress[T]) (connectors.Listing[T], error) {
		first := began.Add(1) == 1
		switch {
		case how == 10 || how == 9 && !first:
			return connectors.Listing[T]{}, e
		case how == 8:
			return connectors.Listing[T]{Records: records, Expected: new(len(records) + 5),
				Anomalies: []connectors.Anomaly{{Field: "id", Count: 2, Example: "null"}}}, nil
		case how == 7:
			return connectors.Listing[T]{Records: records}, e // a part, and then an error
		case how == 6 && !first:
			return connectors.Listing[T]{Complete: true}, nil // a suspicious loss
		}
		return connectors.Listing[T]{Records: records, Complete: true}, nil
	})
}

// source invents a source.
func (v invented) source(kind connectors.KindName, name string) *connectors.Source {
	const most = 7
	s := &connectors.Source{
		Extra: "raw", CustomFields: inventedFields,
		Name: name, Kind: kind, URL: v.text("", "https://acme.example/?a=1&b=2"),
		Mentions: connectors.Mentions{Teams: !v.chance(4), Roles: !v.chance(4), Folders: !v.chance(4)},
		Accounts: unsteady(v, name, distinctly(v, most, func() connectors.Account { return v.account(kind) })),
		Teams: unsteady(v, name, distinctly(v, 4, func() connectors.Team {
			return connectors.Team{ID: v.text("1", "2", "30"), Name: v.text(inventedGroups...), Kind: connectors.TeamKind(v.dice.IntN(3)),
				Members: some(v, 4, func() string { return v.text(inventedIDs...) })}
		})),
		Roles: unsteady(v, name, distinctly(v, 4, func() connectors.Role {
			return connectors.Role{ID: v.text("1", "2", "30"), Name: v.text(inventedGroups...), Description: v.text("", `may "see"`), Access: v.level(), Permissions: some(v, 3, v.permission)}
		})),
		Contacts: unsteady(v, name, distinctly(v, most, v.contact)),
		ContactFolders: unsteady(v, name, distinctly(v, 3, func() connectors.ContactFolder {
			return connectors.ContactFolder{ID: v.text("1", "2", "30"), Name: v.text(inventedGroups...), Kind: connectors.ContactFolderKind(v.dice.IntN(2))}
		})),
	}
	if v.withPresence && !v.chance(3) {
		s.Presence = v.presence()
	}
	if v.chance(3) {
		paused := connectors.Health{Breaker: connectors.BreakerState(v.dice.IntN(3)), PartPaused: v.chance(2)}
		if v.chance(2) && !v.withPresence { // it ends later each time it is asked for
			paused.Pause = &connectors.Error{Source: name, Kind: connectors.KindRateLimited, RetryAfter: time.Minute, Detail: "too many <calls>"}
		}
		s.Health = func() connectors.Health { return paused }
	}
	if v.chance(3) {
		status := connectors.CredentialStatus{State: connectors.CredentialState(v.dice.IntN(4)), Renewed: v.chance(2), ExpiresAt: oneOf(v, inventedTimes), Detail: v.text("", `get a "new" one`)}
		s.Credential = func() connectors.CredentialStatus { return status }
	}
	return s
}

// inventedPresence says the same of each account every time.
type inventedPresence struct {
	states map[string]connectors.Presence
	err    error
}

func (v invented) presence() *inventedPresence {
	p := &inventedPresence{states: make(map[string]connectors.Presence)}
	if v.chance(5) {
		p.err = &connectors.Error{Kind: oneOf(v, []connectors.ErrorKind{connectors.KindUnsupported, connectors.KindUnavailable, connectors.KindForbidden})}
	}
	for _, id := range inventedIDs {
		if !v.chance(4) {
			p.states[id] = connectors.Presence{State: connectors.PresenceState(v.dice.IntN(5)), Text: v.text("", "at <lunch>", `"busy"`)}
		}
	}
	return p
}

// MaxIDs implements connectors.PresenceReader.
func (*inventedPresence) MaxIDs() int { return 5 }

// Presence implements connectors.PresenceReader.
func (p *inventedPresence) Presence(context.Context, []string) (map[string]connectors.Presence, error) {
	return p.states, p.err
}

// sources invents up to six sources of all kinds, of which one has no account type of its own.
func (v invented) sources() []*connectors.Source {
	var sources []*connectors.Source
	for i, kind := range []connectors.KindName{"worksection", "kommo", "altcraft", "rocketchat", "untyped", "kommo"} {
		if !v.chance(5) {
			sources = append(sources, v.source(kind, fmt.Sprintf("%s%d", kind, i)))
		}
	}
	return sources
}
