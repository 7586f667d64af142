// Package outage holds the outage matrix: every way in which sources fail, against every query in examples, with simulated time. It has
// tests only. Their results are the table in docs/outages.md.
package outage
