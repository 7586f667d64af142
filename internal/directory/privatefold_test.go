package directory

import (
	"strings"
	"testing"
)

// What is known of a text without folding it is true of its folded form, for each character of the planes that have more than ideographs.
func TestPrivateTextsWithoutFolding(t *testing.T) {
	t.Parallel()
	for r := range rune(0x20000) {
		s := string(r)
		if _, number := phoneNumber("1" + s); number && isWords(s) {
			t.Errorf("%q can be a part of a phone number", s)
		}
		if hasDigit(fold(s)) && !mayHaveDigit(s) || hasDigit(s) && !hasDigit(fold(s)) {
			t.Errorf("%q has a digit or not", s)
		}
	}
	for _, s := range []string{"tel:+380441234567", "TEL:044 1234567", "ｔｅｌ：０４４"} {
		if isWords(s) {
			t.Errorf("%q is a phone number", s)
		}
	}
	if !isWords("Olha") || !isWords("Оля") || !isWords(strings.Repeat("1", 20)+"x") {
		t.Error("names are words")
	}
}
