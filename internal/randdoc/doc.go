// Package randdoc writes random valid queries over a schema, with variables, for tests. It knows GraphQL's rules, and the names of Roster's arguments, so
// that most values name something that exists in the data. It imports nothing of this repository.
//
// All choices come from a [Dice], so that a query can be written again from the same choices, and reduced by [Shrink].
package randdoc
