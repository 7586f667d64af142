// Package outage holds the outage matrix: every way in which sources fail, against every query in examples, on a clock of its own. It has
// tests only. What they see is the table in docs/outages.md.
package outage
