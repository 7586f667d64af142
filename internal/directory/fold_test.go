package directory

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/names"
)

func TestWords(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		text string
		want []string
	}{
		"nothing":                    {"", nil},
		"blanks":                     {" \t\n\u00a0", nil},
		"case":                       {"Zoe ADAMS", []string{"zoe", "adams"}},
		"accents":                    {"Zoë Müller", []string{"zoe", "muller"}},
		"accents apart from letters": {"Zoe\u0308", []string{"zoe"}},
		"strokes and ligatures":      {"Łukasz Øster Đorđe Þór Œuvre", []string{"lukasz", "oster", "dorde", "thor", "oeuvre"}},
		"sharp s":                    {"Weiß STRAẞE", []string{"weiss", "strasse"}},
		"Turkish":                    {"İpek Işık", []string{"ipek", "isik"}},
		"Greek, final sigma":         {"Γιώργος ΓΙΏΡΓΟΣ", []string{"γιωργοσ", "γιωργοσ"}},
		"Cyrillic":                   {"Сергій Йосипенко Ёлкин", []string{"сергіи", "иосипенко", "елкин"}},
		"an address":                 {"zoe.mueller+x@acme-group.example", []string{"zoe", "mueller", "x", "acme", "group", "example"}},
		"apostrophes":                {"O'Neil d’Arc", []string{"o", "neil", "d", "arc"}},
		"digits":                     {"R2-D2 №5 x²", []string{"r2", "d2", "no5", "x2"}},
		"Chinese and Japanese":       {"王小明 山田・太郎", []string{"王小明", "山田", "太郎"}},
		"full and half width":        {"Ｚｏｅ ｱﾀﾞﾑ", []string{"zoe", "アタム"}},
		"Arabic, its short vowels":   {"مُحَمَّد علي", []string{"محمد", "علي"}},
		"Hebrew, its points":         {"שָׁלוֹם", []string{"שלום"}},
		"Devanagari is not cut":      {"प्रिया शर्मा", []string{"परिया", "शरमा"}},
		"joiners that nobody sees":   {"می\u200cخواهم soft\u00adhyphen", []string{"میخواهم", "softhyphen"}},
		"emoji are between words":    {"🔥Anna🔥 👩‍💻Wei", []string{"anna", "wei"}},
		"what is not UTF-8":          {"a\xffb", []string{"a", "b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if diff := cmp.Diff(tt.want, slices.Collect(words(fold(tt.text)))); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
	if got := slices.Collect(words(fold(strings.Repeat("é", 1<<16)))); len(got) != 1 || len(got[0]) != 1<<16 {
		t.Errorf("a very long word became %d", len(got))
	}
}

// FuzzFold searches for a text whose folding is not idempotent, or whose own words do not find it.
func FuzzFold(f *testing.F) {
	for _, s := range []string{"Zoë MÜLLER", "ẞß İı Σς", "प्रिया 김철수", "🔥👩‍💻", "\xff\u0308", "ﬁ ǆ ㎏ ℡", "a\u200db", "ᏣᎳᎩ ꮳꮃꭹ", "ͅ ϒ ᾼ", strings.Repeat("0", 49) + "\xf7Ǘ"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		once := fold(s)
		if twice := fold(once); twice != once {
			t.Errorf("%q folds to %q and then to %q", s, once, twice)
		}
		wordsOf := func(s string) []string { return slices.Collect(words(fold(s))) }
		ws := wordsOf(s)
		if again := wordsOf(strings.Join(ws, " ")); !slices.Equal(ws, again) {
			t.Errorf("%q has the words %q, and those %q", s, ws, again)
		}
		if terms := searched(s); len(terms) > maxSearchWords || len(terms) == 0 && names.Visible(s) {
			return
		}
		x := indexWords(2, func(i int, add func(string)) {
			if i == 1 {
				add(s)
			}
		})
		for _, query := range []string{s, strings.ToUpper(once), strings.Join(ws, ",")} {
			found := everything(2)
			if err := x.search(found, query); err != nil && len(query) <= maxSearchBytes && len(searched(query)) <= maxSearchWords {
				t.Errorf("%q: %v", query, err)
			} else if err == nil && !found.has(1) && slices.Equal(wordsOf(query), ws) {
				t.Errorf("%q does not find itself", query)
			}
		}
	})
}
