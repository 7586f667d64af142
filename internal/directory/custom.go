package directory

import (
	"cmp"
	"slices"
	"strconv"
	"time"

	"roster/connectors"
	"roster/internal/echo"
)

// AttributeValue is what a record has for an attribute: a custom field of its source that the operator has named, or what only its kind of source tells.
type AttributeValue struct {
	Name string
	Type connectors.CustomType

	values  []string // in the canonical form of the type; at least one
	account Account
}

// Value returns the value as text; of a list, the first one.
func (v *AttributeValue) Value() string { return v.values[0] }

// Values returns all values as texts: more than one only of a list.
func (v *AttributeValue) Values() []string { return v.values }

// Number returns the value of a number; nil for other types.
func (v *AttributeValue) Number() *float64 {
	if v.Type != connectors.CustomNumber {
		return nil
	}
	if f, ok := connectors.ParseNumber(v.values[0]); ok {
		return &f
	}
	return nil
}

// Boolean returns the value of a flag; nil for other types.
func (v *AttributeValue) Boolean() *bool {
	if v.Type != connectors.CustomBoolean {
		return nil
	}
	return new(v.values[0] == "true")
}

// Date returns the value of a date; nil for other types.
func (v *AttributeValue) Date() *time.Time {
	if v.Type != connectors.CustomDate {
		return nil
	}
	return timeOf(v.values[0])
}

func timeOf(canonical string) *time.Time {
	at, err := time.Parse(time.RFC3339Nano, canonical)
	if err != nil {
		return nil
	}
	return &at
}

// Account returns the account of a person that has the value; nil for a contact.
func (v *AttributeValue) Account() Account { return v.account }

// equal reports whether two records have the same value, wherever it comes from.
func (v *AttributeValue) equal(other *AttributeValue) bool {
	return v.Name == other.Name && v.Type == other.Type && slices.Equal(v.values, other.values)
}

// SameAttributes reports whether two records have the same values of their attributes.
func SameAttributes(a, b []*AttributeValue) bool {
	return slices.EqualFunc(a, b, (*AttributeValue).equal)
}

// customName is the name of an attribute, and its type.
type customName struct {
	name string
	typ  connectors.CustomType
}

// customNames are the names of the attributes of each type of records, each once, in their order.
type customNames struct{ users, contacts []customName }

func newCustomNames(data []SourceData) *customNames {
	n := new(customNames)
	for _, d := range data {
		kind := connectors.KindNamed(d.Kind)
		for _, f := range d.CustomFields {
			if kind == nil || kind.HasCustomFields(connectors.Accounts) {
				n.users = append(n.users, customName{f.Name, f.Type})
			}
			if kind == nil || kind.HasCustomFields(connectors.Contacts) {
				n.contacts = append(n.contacts, customName{f.Name, f.Type})
			}
		}
	}
	for _, list := range []*[]customName{&n.users, &n.contacts} {
		slices.SortStableFunc(*list, func(a, b customName) int { return cmp.Compare(a.name, b.name) })
		*list = slices.CompactFunc(*list, func(a, b customName) bool { return a.name == b.name })
	}
	return n
}

// chosen returns those of the names that a caller asks for; nil asks for all.
func chosen(known []customName, asked []string) ([]customName, error) {
	if asked == nil {
		return known, nil
	}
	var out []customName
	for i, name := range asked {
		if !slices.ContainsFunc(known, func(k customName) bool { return k.name == name }) {
			return nil, noAttribute("names["+strconv.Itoa(i)+"]", name)
		}
	}
	for _, k := range known {
		if slices.Contains(asked, k.name) {
			out = append(out, k)
		}
	}
	return out, nil
}

func noAttribute(argument, name string) error {
	return &InputError{argument, "there is no attribute " + echo.Quoted(name) + " of these objects: custom_fields of the configuration names them"}
}

// custom returns the values of a source's field with that name, in the canonical form of its type. Values returns those of a record by their path.
func (s *Source) custom(wanted customName, values func(path string) []string) []string {
	var out []string
	for i := range s.fields {
		if f := &s.fields[i]; f.Name == wanted.name && f.Type == wanted.typ {
			for _, value := range values(f.Path) {
				if canonical := canonicalOf(f.Type, value); canonical != "" && !slices.Contains(out, canonical) {
					out = append(out, canonical)
				}
				if len(out) > 0 && f.Type != connectors.CustomList {
					return out
				}
			}
		}
	}
	return out
}

// canonicalOf returns a source's value in the canonical form of its type; "" for none.
func canonicalOf(t connectors.CustomType, value string) string {
	canonical, fits := t.Canonical(value)
	if !fits {
		return ""
	}
	return string(text(canonical))
}

// attribute returns the value of an attribute: that of the first account that has one.
func (u *User) attribute(wanted customName) *AttributeValue {
	for _, a := range u.Accounts {
		core := a.Core()
		if values := core.Source.custom(wanted, core.record.FieldValues); len(values) > 0 {
			return &AttributeValue{wanted.name, wanted.typ, values, a}
		}
	}
	return nil
}

// Attributes returns the attributes that the person has, of those with these names, or of all if names is nil. The order is that of their names. They are
// computed when they are asked for.
func (u *User) Attributes(names []string) ([]*AttributeValue, error) {
	return attributesNamed(u.Accounts[0].Core().Source.names.users, names, u.attribute)
}

func (c *Contact) attribute(wanted customName) *AttributeValue {
	if c.record.Custom == nil {
		return nil
	}
	if values := c.Source.custom(wanted, c.record.Custom.Values); len(values) > 0 {
		return &AttributeValue{wanted.name, wanted.typ, values, nil}
	}
	return nil
}

// Attributes returns the attributes that the contact has, as those of a person.
func (c *Contact) Attributes(names []string) ([]*AttributeValue, error) {
	return attributesNamed(c.Source.names.contacts, names, c.attribute)
}

func attributesNamed(known []customName, asked []string, value func(customName) *AttributeValue) ([]*AttributeValue, error) {
	wanted, err := chosen(known, asked)
	if err != nil {
		return nil, err
	}
	out := make([]*AttributeValue, 0, len(wanted))
	for _, w := range wanted {
		if v := value(w); v != nil {
			out = append(out, v)
		}
	}
	return out, nil
}

// OwnAttributes returns what only the account's kind of source tells, if the kind tells it by names of its own; nil if it does not.
func (a *AccountCore) OwnAttributes() []*AttributeValue {
	own := attributesOf(a.record)
	if own == nil {
		return nil
	}
	out := make([]*AttributeValue, len(own))
	for i, x := range own {
		out[i] = &AttributeValue{Name: x.Name, values: []string{x.Value}, account: a}
	}
	return out
}
