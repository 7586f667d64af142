// Package redis is the connection to Redis: the client, its breaker and probes, the membership of the replicas, the notifications of changes, and
// the clock. Packages lock, durable and keyspace add locks, the check for durability, and keys by patterns. One small package adapts it to each
// consumer: snapshots, presence, writes, budgets, callers, documents, tokens, webhooks, changes and edits. A consumer defines the interface; its adapter implements it, and
// lists the keys that it uses. This package does not know what the adapters store.
//
// # Contents of Redis
//
// All keys begin with a configured prefix. Those of this package are:
//
//	replicas  the membership: the live replicas
//	changed   the channel on which replicas publish changes
//
// If a key holds a value of the wrong type, another program has written it. Scripts then delete it.
//
// # To add a key
//
//  1. Name it in the package comment of the adapter: words with colons between them, and the part in braces that decides the slot in a Cluster. All keys
//     of one script have the same part in braces. Client.Key adds the configured prefix.
//  2. If earlier releases would misread the value, the key needs a new name. For example, the names of snapshots contain <encoding>.
//  3. Seal a value with Client.Sealer, unless scripts calculate with it. A script begins with Prelude, calls typed for each key, and sets an expiry: every
//     key expires, or the adapter deletes values that nobody uses.
//  4. If `cache clear` must delete it, add it to the adapter's Clear; app.ClearCache lists the adapters that have one.
//  5. Run TestKeysAreThoseOfTheEarlierRelease, and add what is new to "What is stored where" in docs/replicas.md.
//  6. The import rule redisadapters in .golangci.yml names the packages that adapters may import.
//
// A new consumer defines an interface; a new package here implements it, and app.Stores gets a member for it.
//
// # Availability
//
// Do makes no call while Redis is known to be unavailable. Redis counts as unavailable after a failure that affects other calls too, or after several
// failures in a row. From then on, only the heartbeat probes it, less and less often. It counts as available when a probe has succeeded: when the
// heartbeat was written, and what the adapters need is there, in all parts of a Cluster.
//
// # Integrity
//
// Stored values are sealed: with a checksum, or with AES-256-GCM if there is a key. The seal covers what the value is about. So a value that was changed,
// moved or written with another key is never used: it counts as absent, and is overwritten.
package redis
