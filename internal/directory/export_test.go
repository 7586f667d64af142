package directory

import "roster/connectors"

// AddressesOf returns the valid addresses of an account, in the source's order.
func AddressesOf(a *AccountCore) (shown []string) {
	for _, e := range a.emails {
		shown = append(shown, e.shown)
	}
	return shown
}

// TrustsOf returns how far the source vouches for each of them.
func TrustsOf(a *AccountCore) (trusts []connectors.Trust) {
	for _, e := range a.emails {
		trusts = append(trusts, e.trust)
	}
	return trusts
}

// CompareIDs orders the records of a source.
var CompareIDs = compareIDs

// RecordListed reports whether the team has a record of its own.
func (t *Team) RecordListed() bool { return t.listed() }
