package generation

import (
	"maps"

	"roster/connectors"
	"roster/internal/directory"
	"roster/internal/history"
	"roster/internal/snapshot"
)

// input is what a directory is built from: snapshots, the overlay's additions to them, and the rules with the edits. It is immutable.
type input struct {
	snapshots map[snapshot.Key]*snapshot.Snapshot
	additions *additions
	rules     *directory.Rules
	edits     uint64 // the number of the edits in rules
}

// version identifies the data of one collection. It is empty if there is none.
func (in input) version(key snapshot.Key) string {
	version := ""
	if s := in.snapshots[key]; s != nil {
		version = s.Version
	}
	return version + in.additions.all()[key]
}

func (in input) same(other input) bool {
	return in.edits == other.edits && in.unconfirmed() == other.unconfirmed() && sameVersions(in.snapshots, other.snapshots) && maps.Equal(in.additions.all(), other.additions.all())
}

// unconfirmed identifies what an incomplete fetch has seen of the accounts of the source that decides who works here, and no complete one has confirmed. It
// is empty for nothing. An incomplete fetch that sees nothing new changes nothing.
func (in input) unconfirmed() string {
	if in.rules == nil || in.rules.Authority == "" {
		return ""
	}
	snap := in.snapshots[snapshot.Key{Source: in.rules.Authority, Collection: connectors.Accounts}]
	switch {
	case snap == nil || snap.Complete:
		return ""
	case snap.Known == nil:
		return "everything"
	case snap.Known.Version() == snap.Times.Version():
		return ""
	default:
		return "since " + snap.Known.Version()
	}
}

// with returns a copy of the input in which one collection is that of another input.
func (in input) with(key snapshot.Key, from input) input {
	out := input{maps.Clone(in.snapshots), in.additions.clone(), in.rules, in.edits}
	if out.snapshots == nil {
		out.snapshots = make(map[snapshot.Key]*snapshot.Snapshot)
	}
	put(out.snapshots, key, from.snapshots)
	if from.additions == nil {
		delete(out.additions.records, key)
		delete(out.additions.versions, key)
		return out
	}
	put(out.additions.records, key, from.additions.records)
	put(out.additions.versions, key, from.additions.versions)
	return out
}

func put[V any](to map[snapshot.Key]V, key snapshot.Key, from map[snapshot.Key]V) {
	if v, ok := from[key]; ok {
		to[key] = v
	} else {
		delete(to, key)
	}
}

// data returns the input in the form from which the directory is built.
func (p *Publisher) data(in input) []directory.SourceData {
	data := make([]directory.SourceData, len(p.sources))
	for i, s := range p.sources {
		d := directory.SourceData{Name: s.Name, Kind: s.Kind, URL: s.URL, Trust: s.Trust, Raw: s.Extra != "", Account: s.Account, Lists: lists(s.Kind),
			CustomFields: s.CustomFields,
			Times:        make(map[connectors.Collection]*history.History)}
		for _, c := range s.Collections() {
			key, version := snapshot.Key{Source: s.Name, Collection: c}, ""
			if snap := in.snapshots[key]; snap != nil {
				version = snap.Version
				add(&d, snap.Records)
				if c == connectors.Accounts && !snap.Complete {
					d.Partial, d.Known = true, snap.Known
				}
				d.Times[c] = snap.Times.Without(in.additions.ids(key))
			}
			d.Versions = append(d.Versions, version+in.additions.addTo(&d, key))
		}
		data[i] = d
	}
	return data
}

// lists returns the lists that only accounts of a kind have, by the type of the accounts and the list's own name.
func lists(kind connectors.KindName) map[string]func(*connectors.Account) int {
	k := connectors.KindNamed(kind)
	if k == nil {
		return nil
	}
	all := make(map[string]func(*connectors.Account) int, len(k.Lists))
	for name, length := range k.Lists {
		all[k.AccountType+"."+name] = length
	}
	return all
}

// add adds the records of one collection to its source's data. Only one field of r is set.
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
