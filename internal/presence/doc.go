// Package presence caches for a short time who is online, and calls the sources that report presence no more often than they allow. The
// package knows nothing of the directory: callers ask by reference, and get answers by reference. If the presence of an account is
// unknown, the answer says so; a question never fails.
package presence
