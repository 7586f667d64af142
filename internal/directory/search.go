package directory

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"roster/internal/names"
)

// wordIndex finds items by the beginnings of their words, and by their symbols.
type wordIndex struct {
	words []string   // sorted
	items [][]uint32 // the items with each word, in their order
}

// indexWords makes an index over n items; texts gives each item's texts.
func indexWords(n int, texts func(i int, add func(string))) wordIndex {
	var (
		numbers = make(map[string]int)   // of the words
		all     []string                 // by number
		items   [][]uint32               // by number
		known   = make(map[string][]int) // the words of a text: most titles, teams and first names come many times
	)
	wordsOf := func(text string) []int {
		ns, ok := known[text]
		if ok {
			return ns
		}
		for w := range indexed(text) {
			n, ok := numbers[w]
			if !ok {
				n = len(all)
				numbers[w] = n
				all, items = append(all, w), append(items, nil)
			}
			ns = append(ns, n)
		}
		known[text] = ns
		return ns
	}
	for i := range n {
		item := uint32(i)
		texts(i, func(text string) {
			for _, w := range wordsOf(text) {
				if its := items[w]; len(its) == 0 || its[len(its)-1] != item {
					items[w] = append(its, item)
				}
			}
		})
	}
	slices.Sort(all)
	x := wordIndex{words: all, items: make([][]uint32, len(all))}
	for i, w := range all {
		x.items[i] = items[numbers[w]]
	}
	return x
}

// The bounds of what one search may cost. The bytes are those before case and accents are taken away, which makes some characters many.
const (
	maxSearchWords = 32
	maxSearchBytes = 2048
)

// maxBeginnings bounds how many words a run of letters without spaces is taken for.
const maxBeginnings = 32

// indexed gives what a text is found by: the beginnings of its words, and its symbols.
func indexed(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		folded := fold(text)
		for w := range words(folded) {
			if !yield(w) {
				return
			}
			beginnings := 0
			for i, r := range w {
				if i > 0 && unspaced(r) && beginnings < maxBeginnings {
					beginnings++
					if !yield(w[i:]) {
						return
					}
				}
			}
		}
		for r := range symbols(folded) {
			if !yield(string(r)) {
				return
			}
		}
	}
}

// search removes from s what does not match: each word of the query must begin some word of the item, and each pictograph must occur in it. Other
// symbols count only where there is no word: then each must occur. A query of which nothing can be seen matches all.
func (x *wordIndex) search(s *set, query string) error {
	if len(query) > maxSearchBytes {
		return &InputError{"filter.search", fmt.Sprintf("must be at most %d bytes long, not %d", maxSearchBytes, len(query))}
	}
	if !names.Visible(query) {
		return nil
	}
	terms := searched(query)
	if len(terms) > maxSearchWords {
		return &InputError{"filter.search", fmt.Sprintf("must have at most %d words, not %d", maxSearchWords, len(terms))}
	}
	if len(terms) == 0 { // such as an accent that stands alone: nothing is found by it
		s.keep(newSet(s.n))
	}
	for _, w := range terms {
		found := newSet(s.n)
		for i := sort.SearchStrings(x.words, w); i < len(x.words) && strings.HasPrefix(x.words[i], w); i++ {
			if !s.pace.on(len(x.items[i])) {
				return ErrStopped
			}
			found.addAll(x.items[i])
		}
		s.keep(found)
	}
	return nil
}

// searched gives the words and symbols that a query looks for.
func searched(query string) []string {
	folded := fold(query)
	terms := slices.Collect(words(folded))
	onlySymbols := len(terms) == 0
	for r := range symbols(folded) {
		if symbol := string(r); (onlySymbols || pictograph(r)) && !slices.Contains(terms, symbol) {
			terms = append(terms, symbol)
		}
	}
	return terms
}
