// Package persisted knows documents by a short name: those that the operator has registered, and those that clients have sent before (automatic persisted
// queries, as Apollo has them). It says whether a document may run. It reads none: to it they are texts.
package persisted
