// Package connectors is the interface of every source: neutral records, one small interface per capability, and one
// error type. It owns the words that the vendors' packages translate into. It knows no vendor, no GraphQL and no cache, and performs
// no I/O of its own.
package connectors
