package telemetry_test

import (
	"context"
	"testing"

	"roster/connectors"
	"roster/connectors/upstream"
)

// Calls to a source that does not speak HTTP have the same metrics.
func TestCallsOfAnyProtocolAreCounted(t *testing.T) {
	t.Parallel()
	p := start(t, nil, nothing)
	caller := upstream.New(upstream.Options{Source: "directory", Counted: "directory", Runtime: connectors.Runtime{Observer: p.seen.Calls(false)}})
	failed := false
	err := caller.Do(t.Context(), upstream.Call{Op: "search"}, func(_ context.Context, x *upstream.Exchange) error {
		if !failed {
			failed = true
			return &connectors.Error{Kind: connectors.KindUnavailable}
		}
		x.Answered, x.Bytes = true, 7
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	p.wants(`roster_source_calls_total{meaning="ok",op="search",source="directory"}`, 1)
	p.wants(`roster_source_calls_total{meaning="unavailable",op="search",source="directory"}`, 1)
	p.wants(`roster_source_retries_total{op="search",source="directory"}`, 1)
	p.wants(`roster_source_answer_bytes_total{op="search",source="directory"}`, 7)
}
