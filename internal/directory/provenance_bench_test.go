package directory_test

import (
	"fmt"
	"runtime"
	"testing"

	"roster/connectors"
	"roster/internal/directory"
)

// oneRole is a company in which everybody has one role and is in one team. The source does not list these: accounts mention their names.
func oneRole(people int) []directory.SourceData {
	data := directory.SourceData{Name: "chat", Versions: []string{fmt.Sprint(people)}}
	for i := range people {
		data.Accounts = append(data.Accounts, connectors.Account{
			ID: fmt.Sprint(i + 1), Name: fmt.Sprint("Person ", i), Active: true,
			Roles: []connectors.RoleRef{{ID: "user", Name: "User", Access: connectors.AccessMember}}, Teams: []connectors.TeamRef{{ID: "all", Name: "All"}},
		})
	}
	return []directory.SourceData{data}
}

// BenchmarkProvenance explains the role and the team of each person of a page of 100.
func BenchmarkProvenance(b *testing.B) {
	for _, people := range []int{1_000, 100_000} {
		d := directory.Build(directory.Rules{}, oneRole(people))
		page, err := d.Users(nil, directory.UserOrder{}, directory.PageArgs{First: new(100)})
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprintf("people=%d", people), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				for _, u := range page.Nodes() {
					for _, field := range directory.RoleProvenanceFields() {
						d.ProvenanceOfRole(u.Roles[0], field, seesAll)
					}
					for _, field := range directory.TeamProvenanceFields() {
						d.ProvenanceOfTeam(u.Teams[0], field, seesAll)
					}
				}
			}
		})
	}
}

// BenchmarkMemory measures the memory of a directory that is in use.
func BenchmarkMemory(b *testing.B) {
	for name, data := range map[string][]directory.SourceData{"company": bigCompany(100_000), "one role": oneRole(100_000)} {
		b.Run(name, func(b *testing.B) {
			builds(b, data)
		})
	}
}

// builds measures a build, and the memory of the directory while it is in use.
func builds(b *testing.B, data []directory.SourceData) {
	b.Helper()
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var d *directory.Directory
	for b.Loop() {
		d = directory.Build(directory.Rules{}, data)
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc)-float64(before.HeapAlloc), "B/directory")
	runtime.KeepAlive(d)
}
