package names_test

import (
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"roster/internal/names"
)

func TestNames(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, shown, key string }{
		"nothing":                        {"", "", ""},
		"a plain name":                   {"Ida Voss", "Ida Voss", "Ida Voss"},
		"spaces around and inside":       {" \u00a0Ida \t Voss\u3000", "Ida \t Voss", "Ida Voss"},
		"a zero-width space":             {"\u200b", "", ""},
		"word joiner and joiner":         {"\u2060\u200d", "", ""},
		"a Hangul filler":                {"\u3164", "", ""},
		"a blank Braille pattern":        {"\u2800 ", "", ""},
		"controls":                       {"\x00\x1b", "", ""},
		"marks without a letter":         {"\u0301\u0308", "", ""},
		"an annotation anchor":           {"\ufff9", "", ""},
		"ignorable at the edges":         {"\ufeffOps\u200b", "Ops", "Ops"},
		"ignorable inside":               {"O\u00adps", "O\u00adps", "Ops"},
		"a control inside":               {"O\x00ps", "O\x00ps", "Ops"},
		"embedding around Hebrew":        {"\u202bדנה\u202c", "דנה", "דנה"},
		"a letter and its mark":          {"Zoe\u0308", "Zoe\u0308", "Zoë"},
		"a joiner in Persian":            {"می\u200cخواهم", "می\u200cخواهم", "میخواهم"},
		"an emoji of several":            {"👩\u200d💻", "👩\u200d💻", "👩💻"},
		"an emoji with its selector":     {"Ops ❤\ufe0f\u200b", "Ops ❤\ufe0f", "Ops ❤"},
		"a flag of tags":                 {"🏴\U000e0067\U000e007f", "🏴\U000e0067\U000e007f", "🏴"},
		"an Arabic number sign is seen":  {"\u0600", "\u0600", "\u0600"},
		"a character of tomorrow":        {"\U0003fff0", "\U0003fff0", "\U0003fff0"},
		"case stays":                     {"OPS", "OPS", "OPS"},
		"compatible letters stay apart":  {"Ｏps", "Ｏps", "Ｏps"},
		"a wide space that is not plain": {"Ops\u2003Team", "Ops\u2003Team", "Ops Team"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := names.Clean(tt.in); got != tt.shown {
				t.Errorf("Clean(%q) = %q, want %q", tt.in, got, tt.shown)
			}
			if got := names.Key(tt.in); got != tt.key {
				t.Errorf("Key(%q) = %q, want %q", tt.in, got, tt.key)
			}
			if got := names.Visible(tt.in); got != (tt.shown != "") {
				t.Errorf("Visible(%q) = %t", tt.in, got)
			}
		})
	}
}

// TestIgnorable compares samples of each range of Default_Ignorable_Code_Point, and their neighbours, with Unicode's file DerivedCoreProperties.
func TestIgnorable(t *testing.T) {
	t.Parallel()
	for _, r := range []rune{
		0xAD, 0x34F, 0x61C, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180F, 0x200B, 0x200F, 0x202A, 0x202E, 0x2060, 0x2065, 0x206F, 0x3164,
		0xFE00, 0xFE0F, 0xFEFF, 0xFFA0, 0xFFF0, 0xFFF8, 0x1BCA0, 0x1BCA3, 0x1D173, 0x1D17A, 0xE0000, 0xE0FFF,
	} {
		if !names.Ignorable(r) {
			t.Errorf("%U is ignorable", r)
		}
	}
	for _, r := range []rune{' ', 'a', 0xA0, 0xAC, 0xAE, 0x600, 0x6DD, 0x2010, 0x2028, 0x2029, 0xFFF9, 0xFFFB, 0xFFFD, 0x13430, 0xE1000} {
		if names.Ignorable(r) {
			t.Errorf("%U is not ignorable", r)
		}
	}
}

func FuzzNames(f *testing.F) {
	for _, s := range []string{"Ops", " Ops\u200b ", "\u2800\u0301", "e\u0301\u034f\u0301", "\xffa", "❤\ufe0f", "\u2000\u2001", "\u1160가"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

func TestNamesProperty(t *testing.T) {
	t.Parallel()
	runes := rapid.OneOf(rapid.SampledFrom([]rune(" \u200b\u00a0\ufeff\u0301\u034fAaZ\u1100\u1161\u3164\u2800❤\ufe0f")), rapid.Rune())
	rapid.Check(t, func(t *rapid.T) { check(t, rapid.StringOf(runes).Draw(t, "name")) })
}

type failer interface{ Errorf(string, ...any) }

// check tests what is true of every text. T is what a fuzz test and rapid have in common.
func check[T failer](t T, s string) {
	shown, key := names.Clean(s), names.Key(s)
	if again := names.Clean(shown); again != shown {
		t.Errorf("%q is shown as %q, and that as %q", s, shown, again)
	}
	if again := names.Key(key); again != key {
		t.Errorf("%q has the key %q, and that %q", s, key, again)
	}
	if k := names.Key(shown); k != key {
		t.Errorf("%q has the key %q, and what is shown of it %q", s, key, k)
	}
	if seen := names.Visible(s); seen != (shown != "") || seen != (key != "") {
		t.Errorf("%q: visible %t, shown %q, key %q", s, seen, shown, key)
	}
	if utf8.ValidString(s) && !utf8.ValidString(key) {
		t.Errorf("the key of %q is not UTF-8: %q", s, key)
	}
}
