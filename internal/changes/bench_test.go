package changes

import (
	"fmt"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// BenchmarkCompare compares two directories of 100,000 people with two accounts each, of which one person has changed in a source that was fetched again.
func BenchmarkCompare(b *testing.B) {
	accounts := func(source, title string) directory.SourceData {
		data := directory.SourceData{Name: source, Kind: "other", Versions: []string{title}}
		for i := range 100_000 {
			data.Accounts = append(data.Accounts, connectors.Account{ID: fmt.Sprint(i), Name: fmt.Sprintf("Person %d", i), Active: true,
				Emails: []connectors.Email{{Address: fmt.Sprintf("p%d@example.com", i)}}, Phones: []connectors.Phone{{Raw: "1"}}, Roles: []connectors.RoleRef{{ID: "r"}}})
		}
		data.Accounts[7].Title = title
		return data
	}
	other := accounts("b", "")
	state := func(title string) *State {
		s := &State{Directory: directory.Build(directory.Rules{}, []directory.SourceData{accounts("a", title), other})}
		for _, source := range s.Directory.Sources() {
			s.Sources = append(s.Sources, SourceState{ID: source.ID, Name: source.Name, Collections: []Holding{{Collection: connectors.Accounts, Complete: true}}})
		}
		return s
	}
	before, after := state("x"), state("y")
	b.ReportAllocs()
	for b.Loop() {
		if n := len(Compare(before, after)); n != 1 {
			b.Fatal(n, " changes")
		}
	}
}
