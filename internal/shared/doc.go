// Package shared is the tier in which replicas keep and share snapshots, in one process, in a directory or in Redis, and presence, in Redis.
// It also decides which replica reads a source. It handles encoded parts and what is said about them, and knows neither records nor sources.
//
// # What lies in Redis
//
// All keys begin with a configured prefix. For each item (source, fingerprint and collection):
//
//	snapshot:{item}:manifest:<encoding>   what the newest snapshot is, and the names of its parts
//	snapshot:{item}:lock                  who reads the source now; expires, and is renewed while the reading lasts
//	snapshot:{item}:last                  when the last reading began, and until when a failing source is left alone
//	part:<encoding>:{item:name}           one part of at most 4 MiB, named by its content
//	presence:{source}:standing            when a source may be asked who is there, and whether somebody is asking
//	presence:<encoding>:{source:account}  what it said of one account, named by a hash; lives for two minutes
//	presence:{source}:everyone:<encoding> what it said of everyone, in 256 values; lives for two minutes
//	token:{chain}                         a pair of OAuth tokens, encrypted, and beside it the lock of who renews it: see Vault
//	replicas                              which replicas there are
//	shown                                 up to where each replica shows what writes have made
//	changed                               the channel on which a change is announced
//	{budgets}:view                        which replicas share the sources' limits, and what they have agreed on
//	{budgets}:<budget>:log, …             a budget's calls, those under way, the pause its source asked for, who waits urgently
//
// The first three share a slot, so that one script can judge them together. Parts spread over the slots; a part is written before the
// manifest that names it, is renewed when a later snapshot has it too, and expires soon after none does. What depends on the encoding
// of records has its version in the key, so that two releases never misread each other; the lock and the times of readings have not, so
// that two releases still do not read a source twice.
//
// # Time
//
// All times in Redis are its own: a reading's stamp is Redis's clock when the right to read was given. The clocks of replicas may go wrong as they
// like: they are used for differences only. Stamps of an item only grow, which makes them its fence too: a replica that slept through
// its lock's end saves with an old stamp, and is refused, even where a failover has lost the lock.
//
// # Limits
//
// Budgets share a slot, so that one script can judge a call by several. What holds of them without Redis, and while it goes and comes, is
// told at share.
//
// # Integrity
//
// Manifests and parts are sealed: by a checksum, or with a key by AES-256-GCM. The seal covers the item, and what it is that is sealed, so nothing that was
// changed, moved or written under another key is ever taken for data: it counts as absent, and is overwritten.
package shared
