// Package rest calls sources over HTTP: with bounded bodies, without redirects, and with errors that are safe to print. Limits, deadlines,
// retries and the breaker are those of package upstream. What a reply means is each vendor's own: see Options.Judge.
package rest
