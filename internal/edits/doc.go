// Package edits keeps the edits of the rules by which accounts are matched: which accounts somebody has linked, or split off, while the program runs, who
// did so, when and why. An edit is never deleted: undoing it takes its rules out of force.
//
// It is responsible for checking, storing and sharing edits. All edits are one value of a Store. A replica reads the value again after a notification and
// periodically, and keeps the edits that it knows while the store is unavailable. If the store has lost edits, a replica that knows them stores them again:
// the edits of two stores are united by their IDs, and an edit that is undone in one of them is undone.
//
// It does not know what an edit does to people (package directory), when a directory is built (package generation), or where the value is stored.
package edits
