package echo_test

import (
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"

	"roster/internal/echo"
)

func TestEcho(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 101)
	for name, tc := range map[string]struct{ got, want string }{
		"short":               {echo.Cut("abc"), "abc"},
		"as long as shown":    {echo.Cut(long[1:]), long[1:]},
		"longer":              {echo.Cut(long), long[1:] + "…"},
		"between characters":  {echo.Cut(long[2:] + "éé"), long[2:] + "…"},
		"no UTF-8":            {echo.Cut("a\xffb"), "a\ufffdb"},
		"quoted":              {echo.Quoted("a\"\n\u202e"), `"a\"\n\u202e"`},
		"quoted and long":     {echo.Quoted(long), strconv.Quote(long[1:] + "…")},
		"a line":              {echo.Line("Zoë M. 9"), "Zoë M. 9"},
		"no line":             {echo.Line("a\x1b[2Jb"), `"a\x1b[2Jb"`},
		"a name":              {echo.Name("_aB9"), "_aB9"},
		"a long name":         {echo.Name(long), long[1:] + "…"},
		"no name":             {echo.Name("9a"), `"9a"`},
		"nothing":             {echo.Name(""), `""`},
		"a message":           {echo.Message(strings.Repeat("y", 1000)), strings.Repeat("y", 1000)},
		"a long message":      {echo.Message(strings.Repeat("y", 1001)), strings.Repeat("y", 1000) + "…"},
		"many broken letters": {echo.Message(strings.Repeat("\x80", 2000)), "\ufffd…"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.got != tc.want {
				t.Errorf("%q, want %q", tc.got, tc.want)
			}
		})
	}
}

// The results are always short and valid UTF-8, and text that is already short and valid stays unchanged.
func TestEchoIsShortAndValid(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		s := string(rapid.SliceOfN(rapid.Byte(), 0, 300).Draw(rt, "s"))
		for _, got := range []string{echo.Cut(s), echo.Name(s), echo.Quoted(s)} {
			if len(got) > 10*echo.Most || !utf8.ValidString(got) {
				rt.Errorf("%q of %q", got, s)
			}
		}
		if got := echo.Cut(s); len(s) <= echo.Most && utf8.ValidString(s) && got != s {
			rt.Errorf("%q of %q", got, s)
		}
	})
}
