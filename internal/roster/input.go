package roster

import (
	"maps"

	"roster/internal/directory"
	"roster/internal/snapshot"
)

// input is what a directory is built of: snapshots, and what is laid over them. It is immutable.
type input struct {
	snapshots map[snapshot.Key]*snapshot.Snapshot
	laid      *laid
}

// version tells the data of one collection from other data of it; empty for none.
func (in input) version(key snapshot.Key) string {
	version := ""
	if s := in.snapshots[key]; s != nil {
		version = s.Version
	}
	return version + in.laid.words()[key]
}

func (in input) same(other input) bool {
	return sameVersions(in.snapshots, other.snapshots) && maps.Equal(in.laid.words(), other.laid.words())
}

// with gives the input with one collection as another has it.
func (in input) with(key snapshot.Key, from input) input {
	out := input{maps.Clone(in.snapshots), in.laid.clone()}
	if out.snapshots == nil {
		out.snapshots = make(map[snapshot.Key]*snapshot.Snapshot)
	}
	put(out.snapshots, key, from.snapshots)
	if from.laid == nil {
		delete(out.laid.records, key)
		delete(out.laid.versions, key)
		return out
	}
	put(out.laid.records, key, from.laid.records)
	put(out.laid.versions, key, from.laid.versions)
	return out
}

func put[V any](to map[snapshot.Key]V, key snapshot.Key, from map[snapshot.Key]V) {
	if v, ok := from[key]; ok {
		to[key] = v
	} else {
		delete(to, key)
	}
}

// data gives the sources' data as the directory takes it.
func (r *Roster) data(in input) []directory.SourceData {
	data := make([]directory.SourceData, len(r.sources))
	for i, s := range r.sources {
		d := directory.SourceData{Name: s.Name, Kind: s.Kind, URL: s.URL, Trust: s.Trust}
		for _, c := range s.Collections() {
			key, version := snapshot.Key{Source: s.Name, Collection: c}, ""
			if snap := in.snapshots[key]; snap != nil {
				version = snap.Version
				add(&d, snap.Records)
			}
			d.Versions = append(d.Versions, version+in.laid.over(key, &d))
		}
		data[i] = d
	}
	return data
}

// add puts the records of one collection, the only ones that are set, with those of the source's others.
func add(d *directory.SourceData, r snapshot.Records) {
	switch {
	case r.Accounts != nil:
		d.Accounts = r.Accounts
	case r.Teams != nil:
		d.Teams = r.Teams
	case r.Roles != nil:
		d.Roles = r.Roles
	case r.Contacts != nil:
		d.Contacts = r.Contacts
	case r.ContactFolders != nil:
		d.ContactFolders = r.ContactFolders
	}
}
