// Package responsecache keeps answers of operations in memory, ready to be written, within a number of bytes. It does not know when an answer is still
// correct: the answer's origin says that (freshness.Reusable). It knows neither HTTP nor people.
//
// An answer is found by its own key, which says what was asked: the document, the operation, the variables, and what else changes an answer. It is also found by
// the key of each request that has led to it, which is the text of the request, so that a repeated request need not be parsed.
package responsecache
