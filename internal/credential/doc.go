// Package credential keeps the tokens that sources renew: pairs of an access token and a refresh token, of which the second is good once
// and dies when it is exchanged. It owns when a pair is renewed, that only one process of all does so, and that a new pair is stored
// before it is used. It knows no vendor: how a pair is asked for is a connectors.Exchange, and where it is kept is a Store.
//
// # Chains
//
// All pairs that descend from one first grant are a chain. The chain's ID is made of that grant, so that a new one in the configuration
// begins a new chain, whatever is stored, and an old configuration finds its old chain again.
//
// # One renewal
//
//	lock       one process at a time
//	load       somebody else may have renewed meanwhile: then that pair is taken
//	note       that an exchange begins is stored, right before the grant is sent: a store that takes no writes stops it here
//	exchange   the vendor kills the old refresh token and answers with the new pair
//	save       the new pair replaces what was loaded, if that is still there
//	use
//
// A crash before the exchange costs nothing. A crash between the vendor's answer and its storing loses that answer, which nobody can
// prevent; the note tells so afterwards. The fence is not the lock, which may be lost, but that each pair has one successor: a process
// that slept through the end of its lock saves the pair that it got unless that place is taken.
//
// An exchange without an answer may have been carried out. The next attempt comes after a pause, loads first, and takes what is there.
package credential
