package sandbox

import (
	"math/bits"
	"math/rand/v2"
)

// The streams keep what is drawn for one kind of thing from changing what is drawn for another.
const (
	streamPeople = 1 + iota
	streamContacts
	streamPrograms
	streamTeams
	streamPresence
)

// dice are all that chance decides. Only PCG's specified outputs are used: how rand.Rand turns them into ranges is not promised for ever.
type dice struct{ pcg *rand.PCG }

// newDice gives the dice for the nth thing of a stream: what others draw does not matter.
func newDice(seed, stream, n uint64) dice {
	return dice{rand.NewPCG(seed*0x9e3779b97f4a7c15+stream, n)}
}

// n gives a number from 0 below limit.
func (d dice) n(limit int) int {
	hi, _ := bits.Mul64(d.pcg.Uint64(), uint64(limit)) //nolint:gosec // limits are small and positive
	return int(hi)                                     //nolint:gosec // below limit
}

// in says yes so often in a thousand times.
func (d dice) in(perMille int) bool { return d.n(1000) < perMille }

func pick[T any](d dice, from []T) T { return from[d.n(len(from))] }

// weighted gives an index, each as often as its weight says.
func (d dice) weighted(weights ...int) int {
	sum := 0
	for _, w := range weights {
		sum += w
	}
	roll := d.n(sum)
	for i, w := range weights {
		if roll -= w; roll < 0 {
			return i
		}
	}
	return len(weights) - 1
}

// text gives an ID of so many of the letters.
func (d dice) text(length int, letters string) string {
	b := make([]byte, length)
	for i := range b {
		b[i] = letters[d.n(len(letters))]
	}
	return string(b)
}
