// Package decode reads vendors' answers value by value, so that a value of an unexpected type costs only its own field. It accepts other forms that have an
// obvious meaning, such as "1" for a number, [] for an empty object, or an object with numeric keys for a list. A value without such a meaning is treated as
// absent, and is counted as an anomaly, with its type.
//
// The package knows no vendor: connectors name the keys, and decide what a missing value means. All texts, numbers and lists of an answer pass through
// this package, so it is also where they are bounded.
package decode
