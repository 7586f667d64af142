// Package redis is the connection to Redis: the client, its breaker and probes, the membership of the replicas, the announcements of changes, and
// the clock. Packages lock, durable and keyspace add locks, the check for durability, and keys by patterns. One small package adapts it to each
// consumer: snapshots, presence, writes, budgets, callers, documents and tokens. A consumer defines the interface; its adapter implements it, and
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
