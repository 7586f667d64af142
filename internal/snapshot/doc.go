// Package snapshot keeps the collections of the sources: what was fetched and when, how fresh it is, and when the next fetch is due. For
// each collection the package runs one loop. Only the loop replaces the kept data; everyone else gets immutable snapshots without a lock. A
// pure function decides what the loop does: it takes the state of the collection, an event and the time, and returns the next state and the
// actions (transition.go). The loop (loop.go) only executes the actions. The package knows nothing of HTTP, of the graph, or of how records
// of different sources belong together.
//
// # With other replicas
//
// A SharedStore keeps encoded snapshots for other replicas, or for this one after a restart. Packages localstore and
// redis/snapshots implement it. A caller that asks for data never waits for the shared store; only a collection's loop does,
// concurrently. When a fetch is due, the loop requests the lease, and the store decides in one step: it grants the lease; or another
// replica fetches, and the loop waits for its notification; or the store has newer data, which the loop takes; or the last attempt was
// too recent, and the loop pauses. A start works the same way, so that a replica with a filled store serves without a single call to a
// source.
//
// Taking what another replica has fetched is equivalent to a fetch: its times, its duration (which determines the effective fresh_for) and
// its failures come with the data. Incomplete data is shared only if the store has nothing complete.
//
// While the shared store is unavailable, N replicas do not know of each other's fetches. Each replica then waits N times as long between its
// fetches. The replicas have an order. Replica 1 fetches one min_interval after the later of two times: the last known fetch, and the
// loss of the store. Replica 2 fetches two min_intervals after it, and so on. Together they respect min_interval and fresh_for as one replica
// would. The source's client bounds the calls of a single fetch. When the store is back and has lost its data, the replicas write what they
// hold.
package snapshot
