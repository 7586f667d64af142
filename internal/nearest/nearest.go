// Package nearest finds the known word that somebody probably meant. It must not depend on any other package of the program.
package nearest

import (
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
)

const (
	// lettersPerMistake is how many letters of a word may have one mistake.
	lettersPerMistake = 4
	// leastPart is the least length of a part of a word that is taken for the whole.
	leastPart = 4
)

// To returns the known word that is nearest to the given one, or of which the given one is a part, whatever the case; empty if there is none.
func To(given string, known []string) string {
	given = strings.ToLower(given)
	best, least := "", (len(given)+lettersPerMistake-1)/lettersPerMistake+1
	for _, word := range known {
		if best == "" && len(given) >= leastPart && strings.Contains(word, given) {
			best = word
		}
		if d := mistakes(given, strings.ToLower(word)); d < least && d < len(word) {
			best, least = word, d
		}
	}
	return best
}

// mistakes returns how many letters are wrong. Letters in the wrong order are one mistake.
func mistakes(given, word string) int {
	letters := func(s string) []rune { return slices.Sorted(slices.Values([]rune(s))) }
	if given != word && slices.Equal(letters(given), letters(word)) {
		return 1
	}
	return levenshtein.ComputeDistance(given, word)
}

// Hint returns the end of a message with the word that is nearest to the given one: "; did you mean …?". It is empty if no word is near.
func Hint(given string, known []string) string {
	word := To(given, known)
	if word == "" {
		return ""
	}
	return "; did you mean " + word + "?"
}
