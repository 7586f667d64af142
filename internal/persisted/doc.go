// Package persisted finds documents by an ID or a hash: the documents that the operator has registered, and the documents that clients have sent
// before (automatic persisted queries, as Apollo defines them). The package decides whether a document may run. The package does not parse documents;
// it handles them as plain text.
package persisted
