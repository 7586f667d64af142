package connectors

import (
	"cmp"
	"slices"
	"strings"
)

// Anomaly is a kind of value that a source gave and nobody could read, or not all of it: the record lacks that field, or what was beyond a bound, and
// nothing else.
type Anomaly struct {
	// Field is where it stood in a row of the source's answer, by the source's own keys, such as emails.address. It is "id" for a row that was
	// left out, since it has no ID that can be used. It never holds what a source made up: connectors name their fields.
	Field string `json:"field"`
	// Count is how many such values there were.
	Count int `json:"count"`
	// Example is the JSON type that stood there: object, array, string, number, boolean, or null where a value is required. Of what has the right
	// type and is beyond a bound, it is long string, long array, long object, deep object, or invalid UTF-8. Of custom fields, it can also be NotSent or
	// AnotherField. Never a value.
	Example string `json:"example"`
}

// BeyondBound says that the value had the right type and was too much, or no UTF-8: then the example is more than a word.
func (a Anomaly) BeyondBound() bool {
	return strings.Contains(a.Example, " ") && a.Example != NotSent && a.Example != AnotherField
}

// Examples of anomalies of custom fields.
const (
	// NotSent says that the settings ask for custom fields, and no record of the source has any. Count is the number of records.
	NotSent = "not sent"
	// AnotherField says that a record has a field that is named as the configured one, and is another.
	AnotherField = "another field"
)

const (
	// FieldID is the field of an anomaly that has cost a row.
	FieldID = "id"
	// FieldRow is the field of an anomaly of a row itself, such as one with too many keys.
	FieldRow = "row"
)

// maxAnomalies bounds the kinds of anomalies of one collection. Fields are those that connectors read, so that there are not many.
const maxAnomalies = 100

// Anomalies counts anomalies by field and type. The zero value is empty. Not safe for concurrent use.
type Anomalies struct{ found []Anomaly }

// Note counts one. Nil ignores it.
func (a *Anomalies) Note(field, example string) {
	if a != nil {
		a.add(Anomaly{field, 1, example})
	}
}

// NoteMany counts several of one kind.
func (a *Anomalies) NoteMany(n Anomaly) { a.add(n) }

// Add counts all of b.
func (a *Anomalies) Add(b *Anomalies) {
	for _, n := range b.found {
		a.add(n)
	}
}

func (a *Anomalies) add(n Anomaly) {
	if i := slices.IndexFunc(a.found, n.like); i >= 0 {
		a.found[i].Count += n.Count
	} else if len(a.found) < maxAnomalies {
		a.found = append(a.found, n)
	}
}

// All returns them by field and type; nil if there are none.
func (a *Anomalies) All() []Anomaly { return sorted(slices.Clone(a.found)) }

// MergeAnomalies returns what is known of a collection when a fetch has replaced some of its records: the earlier ones, and those of the fetch.
// Of both, the higher count holds, since the fetch may have read the same records again: there are at least so many.
func MergeAnomalies(earlier, fetched []Anomaly) []Anomaly {
	all := Anomalies{found: slices.Clone(earlier)}
	for _, n := range fetched {
		if i := slices.IndexFunc(all.found, n.like); i >= 0 {
			all.found[i].Count = max(all.found[i].Count, n.Count)
		} else {
			all.add(n)
		}
	}
	return sorted(all.found)
}

func (a Anomaly) like(b Anomaly) bool { return a.Field == b.Field && a.Example == b.Example }

func sorted(all []Anomaly) []Anomaly {
	slices.SortFunc(all, func(a, b Anomaly) int {
		return cmp.Or(cmp.Compare(a.Field, b.Field), cmp.Compare(a.Example, b.Example))
	})
	return all
}
