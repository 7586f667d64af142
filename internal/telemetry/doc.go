// Package telemetry is the operator's view of the running program: metrics, traces, and the common attributes of its log lines. It observes calls,
// fetches, operations and writes through the observers that their packages define. It reads all other state from its owner when the metrics are
// requested. It makes no decisions, and no package depends on its results.
//
// The values of labels are from closed sets: names in the configuration, collections, the vendors' calls, meanings, tiers, types and outcomes. Text
// from a caller or a source never becomes a label, and no metric, trace or line that this package writes contains an address, a credential or a
// person's name. The lines that other packages write about callers are listed in docs/observing.md, under Personal data.
package telemetry
