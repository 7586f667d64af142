package directory

import (
	"errors"
	"slices"
	"strconv"
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
func (d *Directory) keepSources(t *table, s *set, attr int, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := d.knownSources("filter.sources", names); err != nil {
		return err
	}
	s.keep(t.having(attr, names...))
	return nil
}

// keepKinds keeps what is of these kinds, if any are given.
func keepKinds[K ~uint8](t *table, s *set, attr int, kinds []K) {
	if len(kinds) == 0 {
		return
	}
	values := make([]string, len(kinds))
	for i, k := range kinds {
		values[i] = string([]byte{byte(k)})
	}
	s.keep(t.having(attr, values...))
}

// knownSources refuses a name that no source has: a slip of the pen should not look like an empty list.
func (d *Directory) knownSources(argument string, names []string) error {
	for i, name := range names {
		if err := d.KnownSource(argument, name); err != nil {
			return inItem(err, i)
		}
	}
	return nil
}

// inItem says of an error about a list which item of it is meant.
func inItem(err error, i int) error {
	if e, ok := errors.AsType[*InputError](err); ok {
		return &InputError{e.Argument + "[" + strconv.Itoa(i) + "]", e.Message}
	}
	return err
}

// sourcesNamed finds sources that are known to be there.
func (d *Directory) sourcesNamed(names []string) []*Source {
	var out []*Source
	for _, s := range d.sources {
		if slices.Contains(names, s.Name) {
			out = append(out, s)
		}
	}
	return out
}

// presentIDs gives the IDs by which the named objects go now: present gives one's, or nothing where there is none. What is no ID at all, or
// another type's, is refused.
func presentIDs(argument string, ids []string, present func(id string) string, wanted ...idKind) ([]string, error) {
	var out []string
	for i, id := range ids {
		if _, _, err := decodeIDOf(argument, id, wanted...); err != nil {
			return nil, inItem(err, i)
		}
		if id := present(id); id != "" {
			out = append(out, id)
		}
	}
	return out, nil
}
