package newkind_test

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"os"
	"slices"
	"strings"

	"roster/connectors"
)

// The kind of source that the program does not have: a file with one JSON object on each line, a person each. This file is all that it takes.
const name connectors.KindName = "jsonlines"

type settings struct {
	File  string            `key:"file" type:"path" doc:"The file. Relative to the configuration file."`
	Key   connectors.Secret `key:"key" doc:"What the first line of the file must be."`
	Teams bool              `key:"teams" default:"true" doc:"Reads the teams, too."`
}

// Check says what is wrong with the settings.
func (s *settings) Check() []connectors.SettingFault {
	if !strings.HasSuffix(s.File, ".jsonl") {
		return []connectors.SettingFault{{Key: "file", Message: "must be a file whose name ends with .jsonl"}}
	}
	return nil
}

var kind = connectors.Kind{
	Name: name, Title: "JSON lines", Settings: func() any { return new(settings) }, NoURL: true, Open: open,
	Collections: []connectors.KindCollection{{Collection: connectors.Accounts, Incremental: true, Guide: "native"}, {Collection: connectors.Teams, Guide: "derived from the people"}},
	CollectionsFor: func(s any) []connectors.Collection {
		if s.(*settings).Teams {
			return []connectors.Collection{connectors.Accounts, connectors.Teams}
		}
		return []connectors.Collection{connectors.Accounts}
	},
	Details: connectors.NewAttributes,
	Guide: connectors.Guide{Paging: "none", Authentication: "key in the first line", RateLimit: "none", CountedBy: "nothing",
		Credentials: []connectors.CredentialGuide{{From: "`key`: the file's first line", Needs: "the file", Without: "nothing is read"}}},
}

func init() { connectors.Register(&kind) }

// person is one line of the file. A later line with the same ID replaces the person, or removes them.
type person struct {
	ID, Name, Email, Team, Desk, Token string
	Left                               bool
}

type file struct {
	name string
	settings
}

func open(cfg connectors.Config) (*connectors.Source, error) {
	f := &file{cfg.Name, *connectors.SettingsOf[settings](cfg)}
	s := &connectors.Source{Name: cfg.Name, Kind: name, Fingerprint: connectors.Fingerprint(name, f.File, f.Key.Reveal()),
		Mentions: connectors.Mentions{Teams: true}, Accounts: f, Self: f}
	if f.Teams {
		s.Teams = connectors.ListFunc[connectors.Team](f.teams)
	}
	return s, nil
}

// lines returns the lines after the first ones, and how many there are in all.
func (f *file) lines(after int) (people []person, n int, err error) {
	text, err := os.ReadFile(f.File)
	if err != nil {
		return nil, 0, &connectors.Error{Source: f.name, Op: "read", Kind: connectors.KindNotFound, Detail: "the file cannot be read", Err: err}
	}
	lines := bufio.NewScanner(bytes.NewReader(text))
	if !lines.Scan() || lines.Text() != f.Key.Reveal() {
		return nil, 0, &connectors.Error{Source: f.name, Op: "read", Kind: connectors.KindUnauthorized, Detail: "the file has another key"}
	}
	for lines.Scan() {
		if n++; n <= after {
			continue
		}
		var p person
		if err := json.Unmarshal(lines.Bytes(), &p); err != nil {
			return people, n, &connectors.Error{Source: f.name, Op: "read", Kind: connectors.KindBadResponse, Detail: "a line is not a JSON object", Err: err}
		}
		people = append(slices.DeleteFunc(people, func(q person) bool { return q.ID == p.ID }), p)
	}
	return people, n, nil
}

// people returns those who have not left.
func (f *file) people() ([]person, error) {
	people, _, err := f.lines(0)
	return slices.DeleteFunc(people, func(p person) bool { return p.Left }), err
}

func account(p person) connectors.Account {
	return connectors.Account{ID: p.ID, Name: p.Name, Active: true, Access: connectors.AccessMember, Emails: []connectors.Email{{Address: p.Email}},
		Teams: []connectors.TeamRef{{ID: p.Team}}, Details: &connectors.Attributes{{Name: "desk", Value: p.Desk}}}
}

// List reads all lines.
func (f *file) List(ctx context.Context, _ connectors.Progress[connectors.Account]) (connectors.Listing[connectors.Account], error) {
	l, err := f.Changes(ctx, "0", nil)
	l.Gone = nil
	return l, err
}

func (f *file) teams(context.Context, connectors.Progress[connectors.Team]) (l connectors.Listing[connectors.Team], err error) {
	people, err := f.people()
	slices.SortFunc(people, func(a, b person) int { return cmp.Compare(a.Team, b.Team) })
	for _, p := range slices.CompactFunc(people, func(a, b person) bool { return a.Team == b.Team }) {
		l.Records = append(l.Records, connectors.Team{ID: p.Team, Name: "Team " + p.Team})
	}
	l.Complete = err == nil
	return l, err
}

// Self gives the person whose token it is.
func (f *file) Self(_ context.Context, token connectors.Secret) (connectors.Account, error) {
	people, err := f.people()
	for _, p := range people {
		if p.Token == token.Reveal() {
			return account(p), nil
		}
	}
	return connectors.Account{}, cmp.Or(err, error(&connectors.Error{Source: f.name, Op: "self", Kind: connectors.KindUnauthorized, Detail: "the token is not accepted"}))
}
