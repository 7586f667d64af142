// Package snapshot keeps the collections of the sources over time: what was read, when, how fresh it still is, and when to read again.
// For each collection it owns one reader, which alone replaces what is kept, and gives everyone else immutable snapshots without a lock.
// It knows nothing of HTTP, of the graph or of how records of different sources belong together.
package snapshot
