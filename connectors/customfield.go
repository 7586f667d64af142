package connectors

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/connectors/wire"
)

// CustomField is a field that the customers of a vendor add to its records, under the name and the type that the operator gives it.
type CustomField struct {
	// Path finds the field in a record, as a field of an anchor does: see Account.FieldValues and Contact.Custom.
	Path string
	// Name is the name in the graph. Fields of several sources that have one name have one type.
	Name string
	Type CustomType
}

// CustomType is the type of the values of a custom field.
type CustomType uint8

// The types.
const (
	CustomText CustomType = iota
	CustomNumber
	CustomBoolean
	CustomDate
	CustomList // several texts
)

// CustomTypes are the types by their names in the configuration.
var CustomTypes = [...]string{"text", "number", "boolean", "date", "list"}

// String returns the name of the type in the configuration.
func (t CustomType) String() string { return CustomTypes[t] }

// CustomValue is a value of a custom field as its source has it. Names and types of the settings are applied later, so that a change of these needs no fetch.
type CustomValue struct {
	Path  string // of the setting
	Value string
	Form  CustomForm
	// Field tells fields apart if the path names several of them, as two fields can have one name: of all records of the source, the values of the
	// field count of which this is the lowest. It is empty if the path names only one.
	Field string
}

// CustomForm is what a source means by a value.
type CustomForm uint8

// The forms.
const (
	CustomPlain   CustomForm = iota
	CustomSeconds            // a number: if it is asked for as a date, it is seconds since 1970
	CustomInstant            // a date, as seconds since 1970
)

// CustomValues are the values of the custom fields of a record.
type CustomValues []CustomValue

// Fields lists the values.
func (v *CustomValues) Fields(c *wire.Codec) {
	wire.List(c, (*[]CustomValue)(v), func(c *wire.Codec, v *CustomValue) {
		c.String(&v.Path)
		c.String(&v.Value)
		wire.Enum(c, &v.Form, CustomInstant)
		c.String(&v.Field)
	})
}

// CanonicalOf is Canonical for a value of a source. A date of a source that has dates as numbers is a time also as a text, and seconds only as a number.
func (t CustomType) CanonicalOf(v CustomValue) (canonical string, fits bool) {
	isDate := v.Form == CustomInstant && (t == CustomText || t == CustomList) || v.Form != CustomPlain && t == CustomDate
	if !isDate {
		return t.Canonical(v.Value)
	}
	seconds, err := strconv.ParseInt(v.Value, 10, 64)
	if at := time.Unix(seconds, 0).UTC(); err == nil && inYears(at) {
		return at.Format(time.RFC3339), true
	}
	return "", false
}

// inYears reports whether a time has a year that RFC 3339 can write.
func inYears(at time.Time) bool { return at.Year() > 0 && at.Year() < 10000 }

// MaxFieldValues bounds the values of one custom field of a record.
const MaxFieldValues = 20

// dateForm returns the form in which a value is a date, if it is one: people and vendors write several. A date without a zone is in UTC. The form is found
// first, because each wrong one would cost an error.
func dateForm(value string) string {
	const day, second = len(time.DateOnly), len(time.DateTime)
	switch {
	case len(value) <= day:
		return time.DateOnly
	case value[day] == ' ':
		return time.DateTime
	case len(value) > second && strings.ContainsAny(value[second:], "Z+-"):
		return time.RFC3339Nano
	default:
		return "2006-01-02T15:04:05"
	}
}

// Canonical returns a source's value in the form in which values of the type are compared and shown: a number in decimal, true or false, a time in UTC by
// RFC 3339, in microseconds. It reports false if the value does not fit the type.
func (t CustomType) Canonical(value string) (canonical string, fits bool) {
	if t == CustomText || t == CustomList {
		return value, true
	}
	value = strings.TrimSpace(value)
	switch t {
	case CustomNumber:
		f, ok := ParseNumber(value)
		return FormatNumber(f), ok
	case CustomBoolean:
		switch strings.ToLower(value) {
		case "true", "1":
			return "true", true
		case "false", "0":
			return "false", true
		}
	default:
		if at, err := time.Parse(dateForm(value), value); err == nil && inYears(at.UTC()) {
			return at.UTC().Truncate(time.Microsecond).Format(time.RFC3339Nano), true
		}
	}
	return "", false
}

// ParseNumber reads a decimal number, such as -1.5e3. It reports false for anything else, also for forms that only programs write, such as Inf and 0x1.
func ParseNumber(text string) (f float64, ok bool) {
	if strings.Trim(text, "0123456789+-.eE") != "" {
		return 0, false
	}
	f, err := strconv.ParseFloat(text, 64)
	return f, err == nil
}

// FormatNumber writes a number as JSON does: with an exponent only if it is very large or very small.
func FormatNumber(f float64) string {
	if size := math.Abs(f); size != 0 && (size < 1e-6 || size >= 1e21) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	return strconv.FormatFloat(f+0, 'f', -1, 64) // -0 + 0 is 0
}

// AsksForFields reports whether the settings need custom fields of accounts: for the graph, or for anchors.
func (c Config) AsksForFields() bool { return len(c.CustomFields) > 0 || len(c.Anchors) > 0 }

// HasCustomFields reports whether records of a collection can have custom fields that the operator names.
func (k *Kind) HasCustomFields(c Collection) bool {
	switch c {
	case Accounts:
		return k.NamesFields()
	case Contacts:
		return k.ContactFields
	default:
		return false
	}
}

// WithCustomFields prepares a source for the custom fields of its configuration.
func (s *Source) WithCustomFields(cfg Config, kind *Kind) {
	s.CustomFields = cfg.CustomFields
	var paths []string
	for _, f := range cfg.CustomFields {
		paths = append(paths, f.Path)
	}
	if kind.HasCustomFields(Accounts) && cfg.AsksForFields() {
		s.AccountFields = fieldsOf(kind, s.FieldsBy, slices.Concat(paths, cfg.Anchors))
	}
	if kind.HasCustomFields(Contacts) && len(paths) > 0 {
		s.ContactFields = fieldsOf(kind, s.FieldsBy, paths)
	}
}

func fieldsOf(kind *Kind, by string, paths []string) string {
	slices.Sort(paths)
	return Fingerprint(kind.Name, append(slices.Compact(paths), by)...)
}

// FieldsOf identifies the custom fields for which the records of a collection are asked; empty for none.
func (s *Source) FieldsOf(c Collection) string {
	switch c {
	case Accounts:
		return s.AccountFields
	case Contacts:
		return s.ContactFields
	default:
		return ""
	}
}
