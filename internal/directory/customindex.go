package directory

import (
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/names"
)

// customIndex is an attribute that the operator has named, for filters and facets.
type customIndex struct {
	customName
	attribute
	numbers []float64 // by value, of numbers
	times   []int64   // by value, of dates: microseconds
}

// indexCustom indexes the attributes of n items. Without configured custom fields there are none.
func (b *builder) indexCustom(known []customName, n int, value func(i int, wanted customName) *AttributeValue) []customIndex {
	var all []customIndex
	for _, wanted := range known {
		x := customIndex{customName: wanted, attribute: attributeBy(n, func(i int, add func(value, label string)) {
			b.step(1)
			if v := value(i, wanted); v != nil {
				for _, one := range v.values {
					add(customKey(wanted.typ, one), one)
				}
			}
		})}
		for _, v := range x.values {
			switch wanted.typ {
			case connectors.CustomNumber:
				f, _ := connectors.ParseNumber(v.value)
				x.numbers = append(x.numbers, f)
			case connectors.CustomDate:
				x.times = append(x.times, timeOf(v.value).UnixMicro())
			default:
			}
		}
		all = append(all, x)
	}
	return all
}

// customKey returns the form in which a canonical value is compared.
func customKey(t connectors.CustomType, canonical string) string {
	if t == connectors.CustomText || t == connectors.CustomList {
		return names.Key(canonical)
	}
	return canonical
}

// AttributeFilter selects items by the value of an attribute. All given fields must match.
type AttributeFilter struct {
	Name     string
	Exists   *bool
	In       []string // one of these values
	Min, Max *float64 // of numbers; both are included
	After    *time.Time
	Before   *time.Time // of dates; After is included
}

func (t *table) customNamed(argument, name string) (*customIndex, error) {
	for i := range t.custom {
		if t.custom[i].name == name {
			return &t.custom[i], nil
		}
	}
	return nil, noAttribute(argument, name)
}

// maxAttributeFilters bounds the filters by attributes of one list: each looks at all values of its attribute. It is the number of attributes that the
// configuration can name.
const maxAttributeFilters = 20

// keepAttributes keeps the items that match all filters.
func (t *table) keepAttributes(s *set, filters []*AttributeFilter) error {
	if len(filters) > maxAttributeFilters {
		return &InputError{"filter.attributes", "must be at most " + strconv.Itoa(maxAttributeFilters)}
	}
	for i, f := range filters {
		argument := "filter.attributes[" + strconv.Itoa(i) + "]"
		x, err := t.customNamed(argument+".name", f.Name)
		if err != nil {
			return err
		}
		if err := x.keep(s, len(t.ids), f, argument); err != nil {
			return err
		}
	}
	return nil
}

func (x *customIndex) keep(s *set, n int, f *AttributeFilter, argument string) error {
	wanted, err := x.valuesFor(f, argument)
	if err != nil {
		return err
	}
	bounded := wanted != nil || f.Min != nil || f.Max != nil || f.After != nil || f.Before != nil
	if f.Exists != nil && !*f.Exists {
		if bounded {
			return &InputError{argument + ".exists", "must not be false together with values"}
		}
		s.subtract(x.itemsWith(s, n, func(int) bool { return true }))
		return s.check.err()
	}
	if !bounded && f.Exists == nil {
		return nil
	}
	s.intersect(x.itemsWith(s, n, func(v int) bool { return (wanted == nil || wanted[v]) && x.within(v, f) }))
	return s.check.err()
}

// valuesFor returns the values that In names, by their numbers; nil without In.
func (x *customIndex) valuesFor(f *AttributeFilter, argument string) (map[int]bool, error) {
	switch {
	case (f.Min != nil || f.Max != nil) && x.typ != connectors.CustomNumber:
		return nil, &InputError{argument, "min and max are for numbers, and " + x.name + " is a " + x.typ.String()}
	case (f.After != nil || f.Before != nil) && x.typ != connectors.CustomDate:
		return nil, &InputError{argument, "after and before are for dates, and " + x.name + " is a " + x.typ.String()}
	case len(f.In) == 0:
		return nil, nil //nolint:nilnil // no values are named
	}
	wanted := make(map[int]bool)
	for i, value := range f.In {
		canonical, fits := x.typ.Canonical(value)
		if !fits {
			return nil, &InputError{argument + ".in[" + strconv.Itoa(i) + "]", "must be a " + x.typ.String()}
		}
		if v, ok := x.byName[customKey(x.typ, canonical)]; ok {
			wanted[int(v)] = true
		}
	}
	return wanted, nil
}

func (x *customIndex) within(v int, f *AttributeFilter) bool {
	return (f.Min == nil || x.numbers[v] >= *f.Min) && (f.Max == nil || x.numbers[v] <= *f.Max) &&
		(f.After == nil || !time.UnixMicro(x.times[v]).Before(*f.After)) && (f.Before == nil || time.UnixMicro(x.times[v]).Before(*f.Before))
}

// itemsWith returns the items with any of the values that match, for a filter of the set s. If the query is stopped, it returns some of them.
func (x *customIndex) itemsWith(s *set, n int, matches func(v int) bool) *set {
	with := newSet(n)
	for v, items := range x.items {
		if !s.check.advance(1) {
			break
		}
		if matches(v) {
			s.check.advance(len(items))
			with.addAll(items)
		}
	}
	return with
}

// attributeFacets counts all matching items by the values of an attribute.
func (p *page) attributeFacets(name string, first int) ([]*Facet, error) {
	x, err := p.table.customNamed("name", name)
	if err != nil {
		return nil, err
	}
	return p.facetsOf(&x.attribute, first)
}

// AttributeFacets counts all matching people by the values of an attribute. A filter by the attribute accepts these values.
func (c *UserConnection) AttributeFacets(name string, first int) ([]*Facet, error) {
	return c.page.attributeFacets(name, first)
}

// AttributeFacets counts all matching contacts by the values of an attribute.
func (c *ContactConnection) AttributeFacets(name string, first int) ([]*Facet, error) {
	return c.page.attributeFacets(name, first)
}
