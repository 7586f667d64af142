package directory

import "roster/connectors"

// AddressGroups divides accounts into groups that have addresses in common, directly or through others, which their sources vouch for and which are no
// shared mailboxes. The groups and their accounts are in the order of the accounts.
func AddressGroups(accounts []Account) [][]Account {
	joined := newUnion(len(accounts))
	first := make(map[string]int)
	for i, a := range accounts {
		for _, e := range a.Core().emails {
			if e.trust == connectors.TrustNone || e.shared {
				continue
			}
			if other, ok := first[e.key]; ok {
				joined.join(other, i)
			} else {
				first[e.key] = i
			}
		}
	}
	var groups [][]Account
	at := make(map[int]int)
	for i, a := range accounts {
		root := joined.find(i)
		if _, ok := at[root]; !ok {
			at[root] = len(groups)
			groups = append(groups, nil)
		}
		groups[at[root]] = append(groups[at[root]], a)
	}
	return groups
}
