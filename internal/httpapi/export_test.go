package httpapi

import "net/http"

// Certificates is exported for tests in other packages.
var Certificates = certificates

// WithDocuments returns the handler of /graphql with a cache of documents of so many bytes, and a function that returns their number and their weight.
func WithDocuments(opt Options, bytes uint64) (h http.Handler, kept func() (documents, weight int)) {
	opt.Limiter = NewLimiter(opt.Limits, nil)
	g := newHandler(opt)
	g.documents.cache = newDocumentCache(bytes)
	return g, func() (int, int) {
		entries := g.documents.cache.entries
		return entries.EstimatedSize(), int(entries.WeightedSize())
	}
}
