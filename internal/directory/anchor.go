package directory

import (
	"strings"
	"unicode"

	"roster/connectors"
	"roster/internal/names"
)

// anchorClues returns the values of anchors that an account has. Values are compared without surrounding spaces, invisible characters and letter case. A
// value without any letter or digit, such as a dash, is none.
func anchorClues(anchors []Anchor, a *AccountCore) []clue {
	var all []clue
	for i := range anchors {
		field, has := anchors[i].Fields[a.Source.Name]
		if !has {
			continue
		}
		value := names.Clean(a.record.Field(field))
		if !strings.ContainsFunc(value, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) {
			continue
		}
		key := anchors[i].Name + "\x00" + strings.ToLower(names.Key(value))
		all = append(all, clue{key: key, evidence: Text(anchors[i].Name), value: Text(value), trust: connectors.TrustAsserted})
	}
	return all
}
