package connectors

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
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

// MaxFieldValues bounds the values of one custom field of a record.
const MaxFieldValues = 20

// Fields of a date, in the forms in which people and vendors write them. A date without a zone is in UTC.
var dateForms = [...]string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02 15:04:05", time.DateOnly}

// Canonical returns a source's value in the form in which values of the type are compared and shown: a number in decimal, true or false, a time in UTC by
// RFC 3339. It reports false if the value does not fit the type.
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
		for _, form := range dateForms {
			if at, err := time.Parse(form, value); err == nil && at.UTC().Year() > 0 && at.UTC().Year() < 10000 {
				return at.UTC().Format(time.RFC3339Nano), true
			}
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
	var parts []string
	for _, f := range cfg.CustomFields {
		parts = append(parts, f.Path, f.Type.String())
	}
	if kind.HasCustomFields(Accounts) && cfg.AsksForFields() {
		s.AccountFields = Fingerprint(kind.Name, append(slices.Clone(parts), cfg.Anchors...)...)
	}
	if kind.HasCustomFields(Contacts) && len(parts) > 0 {
		s.ContactFields = Fingerprint(kind.Name, parts...)
	}
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
