package directory

import (
	"fmt"
	"iter"
	"slices"
	"sort"
	"strings"

	"roster/internal/names"
)

// wordIndex finds items by prefixes of their words, and by their symbols.
type wordIndex struct {
	words []string   // sorted
	items [][]uint32 // the items with each word, in their order
}

// indexWords builds an index of n items. The function texts adds each item's texts.
func indexWords(n int, texts func(i int, add func(string))) wordIndex {
	var (
		numbers = make(map[string]int)   // of the words
		all     []string                 // by number
		items   [][]uint32               // by number
		known   = make(map[string][]int) // the words of a text, because most titles, teams and first names repeat
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

// The limits of one search. The bytes are counted before folding, which makes several characters of some.
const (
	maxSearchWords = 32
	maxSearchBytes = 2048
)

// maxBeginnings limits the number of words that a run of letters in a script without spaces is indexed as.
const maxBeginnings = 32

// indexed returns the terms under which a text is indexed: its words, their suffixes in scripts without spaces, and its symbols.
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

// search removes from s the items that do not match. Each word of the query must be the prefix of a word of the item, and each pictograph must occur in it.
// Other symbols count only if the query has no word; then each must occur. A query without visible characters matches all items.
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
	if len(terms) == 0 { // for example an accent without a letter, which matches nothing
		s.intersect(newSet(s.n))
	}
	for _, w := range terms {
		found := newSet(s.n)
		for i := sort.SearchStrings(x.words, w); i < len(x.words) && strings.HasPrefix(x.words[i], w); i++ {
			if !s.check.advance(len(x.items[i])) {
				return ErrStopped
			}
			found.addAll(x.items[i])
		}
		s.intersect(found)
	}
	return nil
}

// searched returns the words and symbols of a query.
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
