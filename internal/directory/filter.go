package directory

import (
	"errors"
	"slices"
	"strconv"
)

// sourceAttribute returns the attribute of each item's source.
func sourceAttribute[T any](all []T, source func(T) *Source) attribute {
	return attributeBy(len(all), func(i int, add func(value, label string)) { s := source(all[i]); add(s.Name, s.Name) })
}

// kindAttribute returns the attribute of a small enumeration, by its number.
func kindAttribute[T any](all []T, kind func(T) byte) attribute {
	return attributeBy(len(all), func(i int, add func(value, label string)) { k := string([]byte{kind(all[i])}); add(k, k) })
}

// keepSources keeps only items of the named sources. No names mean all sources.
func (d *Directory) keepSources(t *table, s *set, attr int, names []string) error {
	if len(names) == 0 {
		return nil
	}
	if err := d.checkSources("filter.sources", names); err != nil {
		return err
	}
	s.intersect(t.having(attr, names...))
	return nil
}

// keepKinds keeps only items of these kinds. No kinds mean all kinds.
func keepKinds[K ~uint8](t *table, s *set, attr int, kinds []K) {
	if len(kinds) == 0 {
		return
	}
	values := make([]string, len(kinds))
	for i, k := range kinds {
		values[i] = string([]byte{byte(k)})
	}
	s.intersect(t.having(attr, values...))
}

// checkSources returns an error if no source has one of the names. Otherwise a typing error would look like an empty list.
func (d *Directory) checkSources(argument string, names []string) error {
	for i, name := range names {
		if err := d.CheckSource(argument, name); err != nil {
			return inItem(err, i)
		}
	}
	return nil
}

// inItem adds to an error about a list which of its items is wrong.
func inItem(err error, i int) error {
	if e, ok := errors.AsType[*InputError](err); ok {
		return &InputError{e.Argument + "[" + strconv.Itoa(i) + "]", e.Message}
	}
	return err
}

// sourcesNamed returns the sources with these names.
func (d *Directory) sourcesNamed(names []string) []*Source {
	var out []*Source
	for _, s := range d.sources {
		if slices.Contains(names, s.Name) {
			out = append(out, s)
		}
	}
	return out
}

// presentIDs returns the current IDs of the named objects. The function present maps an ID to the current one, or to "" if the object no longer exists.
// presentIDs returns an error for text that is not an ID, or is the ID of another type.
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
