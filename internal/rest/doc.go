// Package rest is the one way out to the sources over HTTP. It owns what is the same for all vendors: deadlines, limits, bounded bodies,
// no redirects, and failures that are safe to print. What a reply means is each vendor's own: see Options.Judge.
package rest
