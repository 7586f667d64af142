package directory

import (
	"time"

	"roster/connectors"
	"roster/internal/history"
	"roster/internal/names"
)

// anchorClues returns the values of anchors that an account has.
func anchorClues(anchors []Anchor, a *AccountCore) []clue {
	var all []clue
	for i := range anchors {
		if c, ok := anchors[i].clue(a); ok {
			all = append(all, c)
		}
	}
	return all
}

// clue returns the value that an account has, in the form in which values are compared: see names.AnchorKey.
func (n *Anchor) clue(a *AccountCore) (clue, bool) {
	field, has := n.Fields[a.Source.Name]
	if !has {
		return clue{}, false
	}
	value := a.record.Field(field)
	key := names.AnchorKey(value)
	if key == "" {
		return clue{}, false
	}
	return clue{key: n.Name + "\x00" + key, evidence: Text(n.Name), value: Text(names.Clean(value)), trust: connectors.TrustAsserted}, true
}

// anchorChangedAt returns when the fetches first saw the present value of a field that an anchor names; zero if that is unknown. What the history does not tell
// apart counts as changed.
func (a *AccountCore) anchorChangedAt(field string) time.Time {
	h := a.Source.history(connectors.Accounts)
	switch field {
	case connectors.AccountID:
		return h.First(a.ExternalID)
	case connectors.AccountUsername:
		return h.Field(a.ExternalID, "Username")
	}
	return h.Part(a.ExternalID, "Details", history.AnchorPart(field))
}
