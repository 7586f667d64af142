package export_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/export"
)

func TestNeutral(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]string{
		"":                         "",
		"Ann Lee":                  "Ann Lee",
		"=1+1":                     "'=1+1",
		`=HYPERLINK("x","y")`:      `'=HYPERLINK("x","y")`,
		"@SUM(A1)":                 "'@SUM(A1)",
		"-2+3+cmd|' /C calc'!A0":   "'-2+3+cmd|' /C calc'!A0",
		"+2+3+cmd|' /C calc'!A0":   "'+2+3+cmd|' /C calc'!A0",
		"＝1+1":                     "'＝1+1",
		"\t=1":                     "'\t'=1",
		"\n=1":                     "'\n'=1",
		"  =1":                     "  '=1",
		"Ann;=1":                   "Ann;'=1",
		"Ann; @x":                  "Ann; '@x",
		"Ann\t-1":                  "Ann\t'-1",
		"line\n-item":              "line\n'-item",
		"a=b, c-d, e@example.com":  "a=b, c-d, e@example.com",
		"ann+lists@example.com":    "ann+lists@example.com",
		"+380441234567":            "+380441234567",
		"+44 20 7946-0000 (ext.) ": "'+44 20 7946-0000 (ext.) ",
		"+38 (044) 123-45-67":      "+38 (044) 123-45-67",
		"+1; +2":                   "+1; +2",
		"+1; +A1":                  "+1; '+A1",
		`x;"=1`:                    `x;"'=1`,
		"+":                        "'+",
		"-5":                       "'-5",
	} {
		if got := export.Neutral(value); got != want {
			t.Errorf("%q is written as %q, want %q", value, got, want)
		}
	}
}

// No cell begins with what a spreadsheet program evaluates, whatever it takes for the separator of cells, except for phone numbers.
func TestNeutralLeavesNoFormula(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.SampledFrom([]rune("=+-@\t\n; a1'(＝\""))).Draw(t, "value")
		got := export.Neutral(value)
		for cell := range strings.FieldsFuncSeq(got, func(r rune) bool { return strings.ContainsRune(";\t\n", r) }) {
			cell = strings.TrimLeft(cell, ` "`)
			phone := strings.HasPrefix(cell, "+") && len(cell) > 1 && strings.Trim(cell[1:], "0123456789 ().-/") == ""
			if strings.IndexAny(cell, "=+-@＝＋－＠") == 0 && !phone {
				t.Fatalf("%q is written as %q, in which %q is a formula", value, got, cell)
			}
		}
		if strings.ReplaceAll(got, "'", "") != strings.ReplaceAll(value, "'", "") {
			t.Fatalf("%q is written as %q, which changes more than apostrophes", value, got)
		}
	})
}
