package directory

import "roster/connectors"

// indexFormer indexes the accounts that gave people their IDs before an edit, as far as they exist.
func (b *builder) indexFormer() {
	b.dir.former = make(map[connectors.Ref]bool)
	for _, ref := range b.rules.Former {
		if _, exists := b.dir.accounts[ref]; exists {
			b.dir.former[ref] = true
		}
	}
}

// FormerIDs returns the IDs under which the person was known before an edit of the rules changed them, in the order of the accounts. Each of them finds the
// person. An ID that finds another person now is not among them.
func (d *Directory) FormerIDs(u *User) []string {
	ids := []string{}
	if len(d.former) == 0 {
		return ids
	}
	for _, a := range u.Accounts {
		if c := a.Core(); d.former[c.Ref()] {
			if id := encodeID(userID, c.Source.Name, c.ExternalID); id != u.ID {
				ids = append(ids, id)
			}
		}
	}
	return ids
}
