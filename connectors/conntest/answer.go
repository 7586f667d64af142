package conntest

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"roster/connectors"
)

// Answer is a valid answer of a vendor with rows, and the way its connector reads it.
type Answer struct {
	Name string
	Body []byte // JSON
	// Rows is the path of keys to the rows; ID is the key of a row's ID.
	Rows []string
	ID   string
	// Fields has, for each key of a row, the fields of the record that depend on it, such as Access or Details.Admin. A key such as rights.leads is that of
	// a value inside an object, and overrides the object's own entry. No field depends on a key that is not here.
	Fields map[string][]string
	// Hides are the keys by which a row can say that it is not a record.
	Hides []string
	// None are the JSON values, besides [], that the vendor may send instead of rows if there are none.
	None []string
	// Slow is true if the test takes long to write an answer. Then no huge values are tested.
	Slow bool
	// Read reads an answer as the connector does.
	Read func(body []byte) (Content, error)
}

// Content is the content of an answer.
type Content struct {
	Records   map[string]any // by ID
	Complete  bool
	Anomalies []connectors.Anomaly
}

// ContentOf returns a listing as a Reading.
func ContentOf[T connectors.Record](l connectors.Listing[T], err error) (Content, error) {
	r := Content{Records: make(map[string]any, len(l.Records)), Complete: l.Complete, Anomalies: l.Anomalies}
	for _, record := range l.Records {
		r.Records[record.Key()] = record
	}
	return r, err
}

// answer is an Answer with the results of reading it unchanged.
type answer struct {
	Answer
	document any
	places   [][]any // the path of keys and indexes to each value
	baseline Content
	single   []Content // the result for each row alone
}

func (a Answer) open(t testing.TB) *answer {
	t.Helper()
	b := &answer{Answer: a, document: decoded(t, a.Body)}
	var err error
	if b.baseline, err = a.Read(encoded(t, b.document)); err != nil {
		t.Fatalf("%s: the answer itself: %v", a.Name, err)
	}
	var walk func(at []any, v any)
	walk = func(at []any, v any) {
		b.places = append(b.places, slices.Clone(at))
		switch v := v.(type) {
		case map[string]any:
			for key, item := range v {
				walk(append(at, key), item)
			}
		case []any:
			for i, item := range v {
				walk(append(at, i), item)
			}
		}
	}
	walk(nil, b.document)
	if rows, listed := get(b.document, b.rows()).([]any); listed {
		for _, row := range rows {
			b.single = append(b.single, b.alone(t, row))
		}
	}
	slices.SortFunc(b.places, func(x, y []any) int { return strings.Compare(fmt.Sprint(x...), fmt.Sprint(y...)) })
	return b
}

func decoded(t testing.TB, body []byte) (v any) {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber() // keeps all digits
	if err := d.Decode(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
