package directory

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// wordIndex finds items by the beginnings of their words.
type wordIndex struct {
	words []string   // sorted
	items [][]uint32 // the items with each word, in their order
}

// indexWords makes an index over n items; texts gives each item's texts.
func indexWords(n int, texts func(i int, add func(string))) wordIndex {
	byWord := make(map[string][]uint32)
	for i := range n {
		item := uint32(i) //nolint:gosec // see numbered
		texts(i, func(text string) {
			for _, w := range words(text) {
				if items := byWord[w]; len(items) == 0 || items[len(items)-1] != item {
					byWord[w] = append(items, item)
				}
			}
		})
	}
	x := wordIndex{words: make([]string, 0, len(byWord))}
	for w := range byWord {
		x.words = append(x.words, w)
	}
	slices.Sort(x.words)
	x.items = make([][]uint32, len(x.words))
	for i, w := range x.words {
		x.items[i] = byWord[w]
	}
	return x
}

// maxSearchWords bounds what one search may cost.
const maxSearchWords = 32

// search removes from s what does not match: each word of the query must begin some word of the item. A query without any word matches all.
func (x *wordIndex) search(s *set, query string) error {
	ws := words(query)
	if len(ws) > maxSearchWords {
		return &InputError{"filter.search", fmt.Sprintf("must have at most %d words, not %d", maxSearchWords, len(ws))}
	}
	for _, w := range ws {
		found := newSet(s.n)
		for i := sort.SearchStrings(x.words, w); i < len(x.words) && strings.HasPrefix(x.words[i], w); i++ {
			found.addAll(x.items[i])
		}
		s.keep(found)
	}
	return nil
}
