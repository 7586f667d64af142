// Package changes finds what has changed in the directory. Compare finds the differences between two states, a Log keeps them in one order, and a
// Reader goes through the log at its own pace, from any position that the log still has.
//
// The package knows the directory and the states of collections. It knows no GraphQL, no HTTP and no scopes: the code that reads the log decides who
// may see a change.
package changes
