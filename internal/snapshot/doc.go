// Package snapshot keeps the collections of the sources over time: what was read, when, how fresh it still is, and when to read again.
// For each collection it owns one reader, which alone replaces what is kept, and gives everyone else immutable snapshots without a lock.
// It knows nothing of HTTP, of the graph or of how records of different sources belong together.
//
// # With other replicas
//
// A Tier keeps encoded snapshots where other replicas, or this one after a restart, can have them; package shared has some. Whoever asks for
// data never waits for a tier: a collection's reader does, beside them. When a reading is due, the reader claims the right to read, and the tier
// says in one step which of these holds: it is granted; somebody else reads, whose announcement is then waited for; something newer is there to
// be taken; or the source has been tried too recently and is left alone. Start goes the same way, so a replica on a warm tier serves without
// a single call to a source.
//
// Taking what another replica has read is as good as reading: its times, its cost (which makes the effective fresh_for) and its failures
// come with it. What is incomplete is shared only where nothing complete is there.
//
// While a tier is away, N replicas cannot know of each other's readings. Each then stretches all its intervals by N, and counts its turn from the last
// reading that all of them know of: the first in rank after one interval, the second after two. So together they stay within min_interval and
// fresh_for as one would. What a single reading may do in calls is a matter of the source's client. When the tier is back and has lost its data,
// it gets what the replicas hold.
package snapshot
