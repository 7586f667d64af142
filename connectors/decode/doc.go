// Package decode reads vendors' answers value by value, so that a value of an unexpected type costs its own field and nothing else. It owns what
// has a sensible reading, such as "1" for a number, [] for an empty object or an object of numbered keys for a list. What has none is absent,
// and counted by the type that stood there.
//
// It knows no vendor: connectors name the keys that they read, and decide what a missing value means. Every text, number and list of an answer
// passes through here, which makes this the place to bound them.
package decode
