package directory_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"roster/connectors"
	"roster/internal/directory"
)

// sized invents sources with about n records in each collection. Many records share a name, some have no address or date, and altcraft has very few.
func sized(rng *rand.Rand, n int) []directory.SourceData {
	data := []directory.SourceData{worksection(), kommo(), altcraft()}
	for i := range data {
		of := n
		if data[i].Name == "altcraft" {
			of = min(n, 2)
		}
		for id := range of {
			mutate(rng, &data[i], fmt.Sprint(id))
		}
	}
	return data
}

// mutate puts new records with this ID into every collection of a source, and removes the old ones.
func mutate(rng *rand.Rand, d *directory.SourceData, id string) {
	name := []string{"Zoe", "zoë", "Adam", "ádám", "Łukasz", "山田", "O'Neil", "Wei " + id, ""}[rng.IntN(9)]
	date := func() time.Time {
		if rng.IntN(3) == 0 {
			return time.Time{}
		}
		return time.Unix(int64(rng.IntN(5)-2)*1e6, 0).UTC()
	}
	a := acc(id)
	text := func() string { return []string{"Zoë", "zoe", "ádám", "Adam", "Ölwerk", "Zz", "", " "}[rng.IntN(8)] }
	a.LastName, a.Title, a.Department = text(), text(), text()
	a.Name, a.CreatedAt, a.Access, a.Active = name, date(), connectors.AccessLevel(1+rng.IntN(7)), rng.IntN(4) > 0
	if rng.IntN(3) > 0 {
		a.Emails = []connectors.Email{{Address: fmt.Sprintf("p%s@x.example", id)}}
	}
	put(&d.Accounts, a)
	put(&d.Contacts, connectors.Contact{ID: id, Name: name, Emails: a.Emails, CreatedAt: date(), UpdatedAt: date()})
	put(&d.Teams, connectors.Team{ID: id, Name: name})
	put(&d.Roles, connectors.Role{ID: id, Name: name})
	put(&d.ContactFolders, connectors.ContactFolder{ID: id, Name: name})
}

func put[T connectors.Record](records *[]T, r T) {
	*records = append(without(*records, r.Key()), r)
}

func without[T connectors.Record](records []T, id string) []T {
	return slices.DeleteFunc(slices.Clone(records), func(r T) bool { return r.Key() == id })
}

// changed returns the sources some time later: people and groups have been added, removed and changed.
func changed(rng *rand.Rand, data []directory.SourceData, n int) []directory.SourceData {
	data = slices.Clone(data)
	for range 1 + rng.IntN(5) {
		d, id := &data[rng.IntN(len(data))], fmt.Sprint(rng.IntN(n+n/4+1))
		switch rng.IntN(3) {
		case 0:
			d.Accounts, d.Contacts = without(d.Accounts, id), without(d.Contacts, id)
			d.Teams, d.Roles, d.ContactFolders = without(d.Teams, id), without(d.Roles, id), without(d.ContactFolders, id)
		default:
			mutate(rng, d, id)
		}
	}
	return data
}
