package address_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"roster/internal/address"
)

func TestKey(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ in, want string }{
		"plain":                             {"ida@books.example", "ida@books.example"},
		"letter case":                       {"Ida.Voss@Books.Example", "ida.voss@books.example"},
		"space around":                      {" \t\u00a0ida@books.example\u3000\r\n", "ida@books.example"},
		"a zero-width space":                {"\u200bi\u200bda@bo\u200boks.example\u200b", "ida@books.example"},
		"a byte order mark":                 {"\ufeffida@books.example", "ida@books.example"},
		"marks of direction":                {"\u202aida@books.example\u202c\u200e", "ida@books.example"},
		"soft hyphens":                      {"i\u00adda@boo\u00adks.example", "ida@books.example"},
		"variation selectors":               {"ida\ufe0f@books.example\ufe0f", "ida@books.example"},
		"a control":                         {"ida\x00@books\x7f.example", "ida@books.example"},
		"a joiner that IDNA does not allow": {"ida@boo\u200dks.example", "ida@books.example"},
		"a joiner after the last space":     {"ida@books.example \u200d", "ida@books.example"},
		"the root's dot":                    {"ida@books.example.", "ida@books.example"},
		"the ideographic full stop":         {"ida@books\u3002example\uff61", "ida@books.example"},
		"a domain in letters":               {"ida@bücher.example", "ida@xn--bcher-kva.example"},
		"the same in Punycode":              {"ida@xn--bcher-kva.example", "ida@xn--bcher-kva.example"},
		"the same in capitals":              {"IDA@XN--BCHER-KVA.EXAMPLE", "ida@xn--bcher-kva.example"},
		"capital letters of others":         {"ida@BÜCHER.example", "ida@xn--bcher-kva.example"},
		"the same in normal form D":         {"ida@bu\u0308cher.example", "ida@xn--bcher-kva.example"},
		"full width":                        {"ida@ｂｏｏｋｓ.example", "ida@books.example"},
		"sharp s":                           {"ida@straße.example", "ida@xn--strae-oqa.example"},
		"capital sharp s":                   {"ida@STRAẞE.example", "ida@xn--strae-oqa.example"},
		"two s":                             {"ida@strasse.example", "ida@strasse.example"},
		"final sigma":                       {"ida@βόλος.example", "ida@xn--nxasmm1c.example"},
		"a sigma inside":                    {"ida@βόλοσ.example", "ida@xn--nxasmq6b.example"},
		"a joiner that IDNA allows":         {"ida@نامه\u200cای.example", "ida@xn--mgba3gch31f060k.example"},
		"without it":                        {"ida@نامهای.example", "ida@xn--mgba3gch31f.example"},
		"an underscore":                     {"ida@My_Host.example", "ida@my_host.example"},
		"an underscore beside letters":      {"ida@my_host.bücher.example", "ida@my_host.xn--bcher-kva.example"},
		"hyphens in the third place":        {"ida@R3---sn.example", "ida@r3---sn.example"},
		"an address of four numbers":        {"ida@[127.0.0.1]", "ida@[127.0.0.1]"},
		"an address of IPv6":                {"Ida@[IPv6:2001:DB8::1]", "ida@[ipv6:2001:db8::1]"},
		"no name to IDNA":                   {"Ida@xn--ZZZZ-.example", "ida@xn--zzzz-.example"},
		"ASCII in Punycode":                 {"ida@xn--books-.example", "ida@xn--books-.example"},
		"a sign that IDNA takes for dots":   {"ida@books…example", "ida@books…example"},
		"a sign that IDNA takes for more":   {"ida@books＠shop.example", "ida@books＠shop.example"},
		"empty labels":                      {"Ida@Books..example", "ida@books..example"},
		"a local part in letters":           {"JÜRGEN@books.example", "jürgen@books.example"},
		"a local part in normal form D":     {"ju\u0308rgen@books.example", "jürgen@books.example"},
		"Greek, final sigma":                {"ΓΙΏΡΓΟΣ@books.example", "γιώργοσ@books.example"},
		"Greek, as one types it":            {"γιώργος@books.example", "γιώργοσ@books.example"},
		"the dotted İ is not i":             {"İda@books.example", "İda@books.example"},
		"the dotless ı is not i":            {"ıda@books.example", "ıda@books.example"},
		"the long s is not s":               {"ſam@books.example", "ſam@books.example"},
		"the Kelvin sign is a K":            {"\u212Aim@books.example", "kim@books.example"},
		"ß is not ss":                       {"groß@books.example", "groß@books.example"},
		"capital ẞ is ß":                    {"GROẞ@books.example", "groß@books.example"},
		"full width stays apart":            {"ｉda@books.example", "ｉda@books.example"},
		"a tag":                             {"Ida+News@books.example", "ida+news@books.example"},
		"quotes that say nothing":           {`"Ida.Voss"@books.example`, "ida.voss@books.example"},
		"quotes that are needed":            {`"Ida Voss"@books.example`, `"ida voss"@books.example`},
		"an at sign in quotes":              {`"ida\@home"@books.example`, `"ida@home"@books.example`},
		"quotes in quotes":                  {`"a\"b\\c"@books.example`, `"a\"b\\c"@books.example`},
		"quotes that do not end":            {`"a"b"@books.example`, `"a"b"@books.example`},
		"a comma, as it stands":             {"john,doe@books.example", "john,doe@books.example"},
		"not UTF-8":                         {"\xffida@books.example", "\uFFFDida@books.example"},
		"nothing":                           {"", ""},
		"no at sign":                        {"books.example", ""},
		"nobody":                            {"@books.example", ""},
		"nobody that can be seen":           {"\u200b@books.example", ""},
		"nowhere":                           {"ida@", ""},
		"nowhere that can be seen":          {"ida@\u200d", ""},
		"two at signs":                      {"ida@home@books.example", ""},
		"a space inside":                    {"ida voss@books.example", ""},
		"a space in the domain":             {"ida@books\u00a0.example", ""},
		"empty quotes":                      {`""@books.example`, ""},
		"a line break in quotes":            {"\"a\nb\"@books.example", ""},
		"longer than any":                   {strings.Repeat("a", 1100) + "@books.example", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := address.Key(tt.in); got != tt.want {
				t.Errorf("Key(%q) = %q, want %q", tt.in, got, tt.want)
			}
		})
	}
}

func TestShown(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"Ida@Books.Example":              "Ida@Books.Example",
		" ida@books.example. ":           "ida@books.example.",
		"ida@xn--bcher-kva.example":      "ida@xn--bcher-kva.example",
		"\u200bIda@boo\u200bks.example":  "Ida@books.example",
		"ida@books.example\u200e":        "ida@books.example",
		"ida@نامه\u200cای.example":       "ida@نامه\u200cای.example",
		"ida@boo\u200dks\u3002example":   "ida@books.example",
		"\u202d\u00a0ida@books.example ": "ida@books.example",
	} {
		if got, ok := address.Of(in); !ok || got.Shown != want {
			t.Errorf("%q is shown as %q, want %q", in, got.Shown, want)
		}
	}
	for in, want := range map[string]string{
		"ida@xn--bcher-kva.example": "ida@bücher.example",
		"ida@books.example":         "ida@books.example",
		"ida@xn--zzzz-.example":     "ida@xn--zzzz-.example",
		"xn--bcher-kva":             "xn--bcher-kva",
	} {
		if got := address.Readable(in); got != want {
			t.Errorf("Readable(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestPlainCostsNothing(t *testing.T) {
	if n := testing.AllocsPerRun(10, func() { address.Key("ida.voss+news@books.example") }); n != 0 {
		t.Errorf("a plain address took %v allocations", n)
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		field string
		want  []string // as shown
	}{
		"one":                               {"Ida@books.example", []string{"Ida@books.example"}},
		"nothing":                           {" ", nil},
		"no address":                        {"none", nil},
		"a comma between":                   {"ida@books.example, kim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"a semicolon between, and one last": {"ida@books.example;kim@books.example;", []string{"ida@books.example", "kim@books.example"}},
		"line breaks between":               {"ida@books.example\r\nkim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"a space between":                   {"ida@books.example kim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"a slash and spaces between":        {"ida@books.example / kim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"a bar between, in a list":          {"ida@books.example|kim@books.example; zoe@books.example", []string{"ida@books.example", "kim@books.example", "zoe@books.example"}},
		"a space, and no two addresses":     {"ida kim@books.example zoe@books.example", nil},
		"a slash of an address":             {"ida/news@books.example", []string{"ida/news@books.example"}},
		"one twice":                         {"ida@books.example; IDA@books.example", []string{"ida@books.example"}},
		"a name":                            {"Ida Voss <ida@books.example>", []string{"ida@books.example"}},
		"no name":                           {"<ida@books.example>", []string{"ida@books.example"}},
		"a name with a comma":               {"Voss, Ida <ida@books.example>", []string{"ida@books.example"}},
		"a name in quotes":                  {`"Voss, Ida; <x>" <ida@books.example>`, []string{"ida@books.example"}},
		"a name with brackets":              {"[Ext] Ida <ida@books.example>", []string{"ida@books.example"}},
		"names in a list":                   {"Ida <ida@books.example>, Kim <kim@books.example>", []string{"ida@books.example", "kim@books.example"}},
		"a name that is an address":         {"kim@books.example <ida@books.example>", []string{"ida@books.example"}},
		"a bracket that does not close":     {"Ida <ida@books.example", []string{"ida@books.example"}},
		"a comment":                         {"ida@books.example (Ida, the first)", []string{"ida@books.example"}},
		"an apostrophe":                     {"o'brien@books.example, ida@books.example", []string{"o'brien@books.example", "ida@books.example"}},
		"a quoted local part":               {`"ida, voss"@books.example; kim@books.example`, []string{`"ida, voss"@books.example`, "kim@books.example"}},
		"a quote that does not end":         {`5" <ida@books.example>, kim@books.example`, []string{"ida@books.example", "kim@books.example"}},
		"a domain of IPv6":                  {"ida@[IPv6:2001:db8::1]", []string{"ida@[IPv6:2001:db8::1]"}},
		"words after":                       {"ida@books.example, no other", []string{"ida@books.example"}},
		"a comma for a dot is nobody's":     {"john,doe@books.example", []string{"john,doe@books.example"}},
		"a comma for a dot in a list":       {"ida@books.example, john,doe@books.example", []string{"ida@books.example"}},
		"mailto":                            {"mailto:ida@books.example", []string{"ida@books.example"}},
		"mailto in capitals":                {" MAILTO:ida@books.example", []string{"ida@books.example"}},
		"mailto with a subject":             {"mailto:ida@books.example?subject=Hello,%20you&body=a@b.example", []string{"ida@books.example"}},
		"mailto, encoded":                   {"mailto:ida%2Bnews%40books.example", []string{"ida+news@books.example"}},
		"mailto with a plus":                {"mailto:ida+news@books.example", []string{"ida+news@books.example"}},
		"mailto with several":               {"mailto:ida@books.example,kim@books.example?to=zoe@books.example", []string{"ida@books.example", "kim@books.example", "zoe@books.example"}},
		"mailto, wrongly encoded":           {"mailto:50%off@books.example", []string{"50%off@books.example"}},
		"mailto in brackets":                {"Ida <mailto:ida@books.example?subject=x>", []string{"ida@books.example"}},
		"mailto in a list":                  {"ida@books.example; mailto:kim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"unseen characters in a list":       {"\u200bida@books.example\u200b;\u200bkim@books.example", []string{"ida@books.example", "kim@books.example"}},
		"a book":                            {strings.Repeat("a@books.example, ", 1000), nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			for _, a := range address.Parse(tt.field) {
				got = append(got, a.Shown)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
		})
	}
}
