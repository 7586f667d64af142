package randdoc

import "slices"

// Dice makes the choices. Rand of math/rand/v2 is one.
type Dice interface {
	// IntN returns a number from 0 to n-1. By convention 0 is the simplest choice.
	IntN(n int) int
}

// Choices are dice that repeat these numbers, and then only throw 0.
type Choices []int

// IntN returns the next number.
func (c *Choices) IntN(n int) int {
	if len(*c) == 0 {
		return 0
	}
	first := (*c)[0]
	*c = (*c)[1:]
	return first % n
}

// FromBytes returns dice for a fuzz test: each byte is one choice.
func FromBytes(data []byte) *Choices {
	c := make(Choices, len(data))
	for i, b := range data {
		c[i] = int(b)
	}
	return &c
}

// Recorder are dice that remember what they have thrown.
type Recorder struct {
	Dice
	Thrown Choices
}

// IntN throws the dice.
func (r *Recorder) IntN(n int) int {
	thrown := r.Dice.IntN(n)
	r.Thrown = append(r.Thrown, thrown)
	return thrown
}

// Shrink returns fewer and smaller choices with which the test still fails. It runs fails up to a few thousand times.
func Shrink(failing Choices, fails func(Dice) bool) Choices {
	runs := 0
	try := func(c Choices) bool {
		runs++
		again := slices.Clone(c)
		if runs > 5_000 || !fails(&again) {
			return false
		}
		failing = c
		return true
	}
	for before := -1; before != runs && runs < 5_000; {
		before = runs
		improved := false
		for size := len(failing) / 2; size > 0; size /= 2 {
			for at := len(failing) - size; at >= 0; at -= size {
				improved = try(slices.Delete(slices.Clone(failing), at, at+size)) || improved
				at = min(at, len(failing))
			}
		}
		for at := range failing {
			for at < len(failing) && failing[at] > 0 {
				smaller := slices.Clone(failing)
				smaller[at] /= 2
				if !try(smaller) {
					break
				}
				improved = true
			}
		}
		if !improved {
			break
		}
	}
	return failing
}
