// Package redis is the tier that keeps snapshots and shares them between replicas: in one process, in a directory or in Redis. It shares presence in
// Redis. The package also decides which replica fetches from a source. The package handles encoded parts and their descriptions. It does not know
// records or sources.
//
// # Contents of Redis
//
// All keys begin with a configured prefix. For each item (source, fingerprint and collection):
//
//	snapshot:{item}:manifest:<encoding>   the description of the newest snapshot, and the names of its parts
//	snapshot:{item}:lock                  the replica that has the lease; expires, and is renewed during the fetch
//	snapshot:{item}:last                  when the last fetch began, and until when a failing source is not called
//	part:<encoding>:{item:name}           one part of at most 4 MiB, named by its content
//	presence:{source}:standing            when a source may be called for presence, and whether a call is running
//	presence:<encoding>:{source:account}  the source's answer about one account, named by a hash; kept for two minutes
//	presence:{source}:everyone:<encoding> the source's answer about everyone, in 256 values; kept for two minutes
//	token:{chain}                         a pair of OAuth tokens, encrypted, and beside it the lock of the replica that renews it: see TokenStore
//	replicas                              the membership: the live replicas
//	shown                                 the acknowledgements: up to which write each replica shows the results of writes
//	changed                               the channel on which replicas publish changes
//	{budgets}:view                        the replicas that share the sources' limits, and the view that they have agreed on
//	{budgets}:<budget>:log, …             a budget's calls, its running calls, the pause that its source asked for, the urgent waiters
//
// The first three keys of an item share a slot, so that one script can check them together. Parts are spread over the slots. A part is written before
// the manifest that names it. Its expiry is renewed if a later snapshot has the part too; otherwise the part expires soon. Keys of data that depends
// on the encoding of records contain the version of the encoding, so that two releases never misread each other. The keys of the lock and of the
// fetch times do not, so that two releases still do not fetch from a source twice.
//
// # Time
//
// All times in Redis come from the clock of Redis. The stamp of a fetch is the time at which the lease was granted. The clocks of replicas need not
// be right: the package uses them only for differences. The stamps of an item only grow, so they are its fence: if a replica sleeps until after its
// lock has expired, it saves with an old stamp, and the save is rejected, even if a failover has lost the lock.
//
// # Limits
//
// All budgets share a slot, so that one script can check a call against several of them. The comment of share describes how replicas keep the limits
// while Redis is unavailable, and when Redis becomes unavailable or available.
//
// # Integrity
//
// Manifests and parts are sealed: with a checksum, or with AES-256-GCM if there is a key. The seal covers the item and the kind of the sealed data.
// So a value that was changed, moved or written with another key is never used: it counts as absent, and is overwritten.
package redis
