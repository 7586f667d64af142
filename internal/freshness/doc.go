// Package freshness holds what a caller and an answer say to each other about the age of data, in the words of RFC 9111: what Cache-Control
// asks for, and the Age and lifetime that an answer carries. It knows neither the sources nor how long what they give stays good.
package freshness
