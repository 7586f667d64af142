package coerce_test

import (
	"testing"

	"roster/internal/coerce"
)

// BenchmarkValues coerces the variables of one operation.
func BenchmarkValues(b *testing.B) {
	doc, errs := read(`query Q($first: Int!, $after: String, $ids: [ID!], $pick: Pick, $ratio: Float = 1.5) { __typename }`)
	if len(errs) > 0 {
		b.Fatal(errs)
	}
	given := fromJSON(b, `{"first": 100, "after": "abc", "ids": ["1", "2", 3], "pick": {"name": "x"}}`)
	document, operation := coerce.NewDocument(schema, doc), doc.Operations[0]
	b.ReportAllocs()
	for b.Loop() {
		if _, errs := document.Values(operation, given); len(errs) > 0 {
			b.Fatal(errs)
		}
	}
}
