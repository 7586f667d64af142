package address_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"pgregory.net/rapid"

	"roster/internal/address"
)

// letters has the characters with rules of their own. They are drawn more often than others.
var letters = rapid.OneOf(
	rapid.SampledFrom([]rune("aAkKsSiI\u0130\u0131\u017f\u212aßẞσςΣüÜu\u0308é\u0301\u0345ᾼ\u03b9xn-._@\"\\ ,;<>()\u200b\u200c\u200d\u00ad\ufeff\u3002\uff61\uff0e\uff20\u037eدकन्१Ꮳꮳ")),
	rapid.Rune(),
)

// reference is a separate IDNA profile, as strict as IDNA is.
var reference = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.Transitional(false))

// TestOneFormOfEachAddress tests that a key is an address, is its own key, and is the key of each spelling that only looks different.
func TestOneFormOfEachAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.StringOf(letters).Draw(t, "local") + "@" + rapid.StringOf(letters).Draw(t, "domain")
		check(t, s)
		a, ok := address.Of(s)
		if !ok {
			return
		}
		for _, spelling := range []string{a.Shown, "\u200b " + s, s + " \ufeff", strings.ReplaceAll(s, "@", "@\u00ad")} {
			if len(spelling) <= 1024 && !strings.Contains(s, `"`) && address.Key(spelling) != a.Key {
				t.Errorf("%q has the key %q, and %q has %q", s, a.Key, spelling, address.Key(spelling))
			}
		}
	})
}

// TestDomainsOfIDNAStayApart compares keys of domains with IDNA's result: the same key for one name, different keys for two.
func TestDomainsOfIDNAStayApart(t *testing.T) {
	t.Parallel()
	label := rapid.StringOfN(rapid.OneOf(rapid.SampledFrom([]rune("aAsSßüÜσςΣéxn-0नक्\u200c\u200dهای")), rapid.Rune()), 1, 8, -1)
	rapid.Check(t, func(t *rapid.T) {
		one, other := label.Draw(t, "one"), label.Draw(t, "other")
		if rapid.Bool().Draw(t, "respelt") {
			other = strings.ToUpper(one)
		}
		if strings.Contains(one+other, "ẞ") { // the reference may have older tables, which map it otherwise
			return
		}
		a, errA := reference.ToASCII(one)
		b, errB := reference.ToASCII(other)
		if errA != nil || errB != nil || a == "" || b == "" || strings.ContainsAny(a+b, "@. ") {
			return
		}
		if same := address.Key("x@"+one) == address.Key("x@"+other); same != (a == b) {
			t.Errorf("%q is %s and %q is %s, and their keys are the same: %t", one, a, other, b, same)
		}
		if unicode, err := reference.ToUnicode(a); err == nil && address.Key("x@"+unicode) != address.Key("x@"+a) {
			t.Errorf("%q and %q are one name", unicode, a)
		}
	})
}

func FuzzAddress(f *testing.F) {
	for _, s := range []string{
		" Zoe@X.example", "İ@x", "@", "a@", "a b@c", "\u00a0a@b\u2028", "ẞ@ſ", "@@0", "a@b@c", `"a b"@c`, "a@xn--bcher-kva", "a@[::1]", "a@b\u3002",
		"a@\u200dक्\u200d", "a@1.אבג", "\u0345@\u0345", "a@xn--a", "a\u037e@b", "Kk\u212a@b", "mailto:a%40b?to=c@d", "N <a@b>, \"x,y\"@z; (c) d@e",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { check(t, s) })
}

type failer interface{ Errorf(string, ...any) }

// check tests what is true of every text.
func check(t failer, s string) {
	for _, a := range address.Parse(s) {
		again, ok := address.Of(a.Key)
		if !ok || again.Key != a.Key {
			t.Errorf("%q has the key %q, and that %q", s, a.Key, again.Key)
		}
		if key := address.Key(a.Shown); key != a.Key {
			t.Errorf("%q has the key %q, and what is shown of it, %q, has %q", s, a.Key, a.Shown, key)
		}
		if !utf8.ValidString(a.Key) || !strings.Contains(a.Key, "@") {
			t.Errorf("the key of %q is no address: %q", s, a.Key)
		}
		local, _, _ := strings.Cut(a.Key, "@")
		if !strings.Contains(local, `"`) && address.Local(local) != local {
			t.Errorf("the local part of %q is %q, and that has the form %q", s, local, address.Local(local))
		}
		address.Readable(a.Shown)
	}
	if a, ok := address.Of(s); ok {
		if again := address.Key(a.Key); again != a.Key {
			t.Errorf("%q has the key %q, and that %q", s, a.Key, again)
		}
	}
}
