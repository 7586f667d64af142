// Package changes finds what has changed in the directory. Compare finds the differences between two states, a Log keeps them in one order, and a
// Reader goes through the log at its own pace, from any position that the log still has.
//
// The package knows the directory and the states of collections. It knows no GraphQL, no HTTP and no scopes: the code that reads the log decides who
// may see a change.
//
// # Files
//
//   - state.go, compare.go, people.go, accounts.go, fields.go: what is compared, and how
//   - change.go: what a change says
//   - log.go, reader.go, follow.go: the log, its readers, and how it follows a publisher
//   - share.go, shared.go, stored.go: the log that replicas share, the store for it, and the form in which it is stored
//   - write.go, way.go: which replica writes the shared log, and what this process has published since the last entry of that log
//   - receive.go, take.go, synced.go: what the other replicas read of it, and when their readers may have it
//   - stats.go: counts for metrics
package changes
