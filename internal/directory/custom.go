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

// canonicals gathers the values of one attribute of one record, each once, in the canonical form of its type.
type canonicals struct {
	typ    connectors.CustomType
	values []string
}

// add adds a value if it fits, and reports whether no more are wanted: only lists have several.
func (c *canonicals) add(v connectors.CustomValue) (full bool) {
	canonical, fits := c.typ.CanonicalOf(v)
	if isText := c.typ == connectors.CustomText || c.typ == connectors.CustomList; isText {
		canonical = string(text(canonical))
	}
	if !fits || canonical == "" || slices.Contains(c.values, canonical) {
		return false
	}
	c.values = append(c.values, canonical)
	return c.typ != connectors.CustomList || len(c.values) == connectors.MaxFieldValues
}

func (n customName) is(f *connectors.CustomField) bool { return f.Name == n.name && f.Type == n.typ }

// ofAccount returns the values of an attribute that an account of the source has.
func (s *Source) ofAccount(wanted customName, r *connectors.Account) []string {
	c := canonicals{typ: wanted.typ}
	for i := range s.fields {
		if f := &s.fields[i]; wanted.is(f) {
			for _, value := range r.FieldValues(f.Path) {
				if c.add(connectors.CustomValue{Value: value}) {
					return c.values
				}
			}
		}
	}
	return c.values
}

// ofContact returns the values of an attribute that a contact of the source has.
func (s *Source) ofContact(wanted customName, r *connectors.Contact) []string {
	c := canonicals{typ: wanted.typ}
	for i := range s.fields {
		if !wanted.is(&s.fields[i]) {
			continue
		}
		for _, v := range *r.Custom {
			if v.Path == s.fields[i].Path && v.Field == s.lowest[i] && c.add(v) {
				return c.values
			}
		}
	}
	return c.values
}

// lowestFields returns for each of the custom fields the lowest connectors.CustomValue.Field that contacts have.
func lowestFields(fields []connectors.CustomField, contacts []connectors.Contact) []string {
	lowest, seen := make([]string, len(fields)), make([]bool, len(fields))
	for i := range contacts {
		if contacts[i].Custom == nil {
			continue
		}
		for _, v := range *contacts[i].Custom {
			for f := range fields {
				if fields[f].Path == v.Path && (!seen[f] || v.Field < lowest[f]) {
					lowest[f], seen[f] = v.Field, true
				}
			}
		}
	}
	return lowest
}

// attribute returns the value of an attribute: that of the first account that has one.
func (u *User) attribute(wanted customName) *AttributeValue {
	for _, a := range u.Accounts {
		core := a.Core()
		if values := core.Source.ofAccount(wanted, core.record); len(values) > 0 {
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
	if values := c.Source.ofContact(wanted, c.record); len(values) > 0 {
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
