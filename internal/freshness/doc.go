// Package freshness holds the freshness terms of RFC 9111 for one operation: the requirement that the caller states in Cache-Control, and
// the Age and lifetime that the answer carries. The package knows neither the sources nor how long their data stays fresh.
package freshness
