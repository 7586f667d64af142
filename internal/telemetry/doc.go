// Package telemetry is what the operator sees of the running program: metrics, traces, and what the lines of its log have in common. It follows
// calls, readings, operations and writes through the observers that their packages define, and reads everything else where it is kept, when it is
// asked. It decides nothing, and nothing depends on it.
//
// Labels are taken from closed sets: names in the configuration, collections, the vendors' calls, meanings, tiers, types and outcomes. Nothing
// that a caller or a source has written becomes one, and no metric, trace or line holds an address, a credential or anybody's name.
package telemetry
