// Package credential keeps the tokens that sources renew: pairs of an access token and a refresh token. A refresh token is valid once; an exchange
// invalidates it. The package decides when to renew a pair. It makes sure that only one of all processes renews a pair, and that a new pair is stored
// before it is used. The package knows no vendor: a connectors.Exchange requests a pair, and a Store keeps it.
//
// # Chains
//
// All pairs that descend from one first grant are a chain. The ID of the chain is derived from that grant. So a new grant in the configuration begins
// a new chain, whatever the store has, and an old configuration finds its old chain again.
//
// # One renewal
//
//	lock       one process at a time
//	load       another process may have renewed meanwhile; then this process uses that pair
//	intent     store that an exchange begins, right before the grant is sent; if the store accepts no writes, the renewal stops here
//	exchange   the vendor invalidates the old refresh token and answers with the new pair
//	save       replace the loaded record with the new pair, if the store still has the loaded record
//	use
//
// A crash before the exchange costs nothing. A crash between the vendor's answer and the save loses that answer. Nothing can prevent that, but the
// stored intent shows it afterwards. The save prevents two successors of one pair even if the lock is lost: a process that sleeps until after its
// lock has expired saves its pair only if no other successor is stored.
//
// An exchange without an answer may have been carried out. The next attempt comes after a pause, loads the record first, and uses the pair that it
// finds.
package credential
