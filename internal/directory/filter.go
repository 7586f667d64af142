package directory

import (
	"fmt"
	"slices"
)

// sourceAttribute is the source of each item.
func sourceAttribute[T any](all []T, source func(T) *Source) attribute {
	return attributeBy(len(all), func(i int, add func(value, label string)) { s := source(all[i]); add(s.Name, s.Name) })
}

// kindAttribute is a small enumeration, by its number.
func kindAttribute[T any](all []T, kind func(T) byte) attribute {
	return attributeBy(len(all), func(i int, add func(value, label string)) { k := string([]byte{kind(all[i])}); add(k, k) })
}

// keepSources keeps what is of these sources, if any are given.
func (d *Directory) keepSources(t *table, s set, attr int, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := d.knownSources("filter.sources", names); err != nil {
		return err
	}
	s.keep(t.attrs[attr].having(s.n, names))
	return nil
}

// keepKinds keeps what is of these kinds, if any are given.
func keepKinds[K ~uint8](t *table, s set, attr int, kinds []K) {
	if len(kinds) == 0 {
		return
	}
	values := make([]string, len(kinds))
	for i, k := range kinds {
		values[i] = string([]byte{byte(k)})
	}
	s.keep(t.attrs[attr].having(s.n, values))
}

func keepSearch(t *table, s set, query *string) {
	if query != nil {
		t.words.search(s, *query)
	}
}

// knownSources refuses a name that no source has: a slip of the pen should not look like an empty list.
func (d *Directory) knownSources(argument string, names []string) error {
	for _, name := range names {
		if !slices.ContainsFunc(d.sources, func(s *Source) bool { return s.Name == name }) {
			return &InputError{argument, fmt.Sprintf("there is no source named %q", name)}
		}
	}
	return nil
}

// groupIDs gives the present IDs of those objects that exist. It refuses what is no ID, or another type's.
func (d *Directory) groupIDs(argument string, ids []string, want idKind, present func(id string) (string, bool)) ([]string, error) {
	var out []string
	for _, id := range ids {
		kind, _, _, ok := decodeID(id)
		if !ok {
			return nil, &InputError{argument, fmt.Sprintf("%q is not an ID of this graph", id)}
		}
		if idKindNames[kind] != idKindNames[want] && (want != userID || kind != accountID) {
			return nil, &InputError{argument, fmt.Sprintf("%q is the ID of a %s, not of a %s", id, idKindNames[kind], idKindNames[want])}
		}
		if id, ok := present(id); ok {
			out = append(out, id)
		}
	}
	return out, nil
}

func idOf[T any, P interface {
	*T
	globalID() string
}](p P, ok bool) (string, bool) {
	if !ok {
		return "", false
	}
	return p.globalID(), true
}

func (u *User) globalID() string          { return u.ID }
func (t *Team) globalID() string          { return t.ID }
func (f *ContactFolder) globalID() string { return f.ID }
