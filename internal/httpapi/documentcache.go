package httpapi

import "github.com/maypok86/otter/v2"

// documentCache keeps valid documents by their texts, with their plans, within a number of bytes: clients can send any number of different documents. Those that
// are used often stay, however many others are sent.
type documentCache struct {
	entries *otter.Cache[string, *document]
}

const (
	// documentBytes is the memory for all documents that are kept.
	documentBytes = 96 << 20
	// largestDocument is the length of a document up to which it is kept.
	largestDocument = 32 << 10
	// A parsed document takes at most documentOverhead, and parsedBytes for each byte of its text, besides its plans.
	documentOverhead, parsedBytes = 4 << 10, 120
)

func newDocumentCache(bytes uint64) documentCache {
	return documentCache{otter.Must(&otter.Options[string, *document]{
		MaximumWeight: bytes, Weigher: weighDocument,
		Executor: func(task func()) { task() }, // there is no background work
	})}
}

func weighDocument(text string, doc *document) uint32 {
	return uint32(documentOverhead + parsedBytes*len(text) + doc.plans.Bytes()) //nolint:gosec // each is bounded
}

func (c documentCache) get(text string) (*document, bool) { return c.entries.GetIfPresent(text) }

// add keeps a new document, unless it is very large, and returns the one to use: of requests that read the same text at once, all get the one that was first,
// so that their operations have the same key. It is weighed again whenever an operation of it has been compiled.
func (c documentCache) add(text string, doc *document) *document {
	if len(text) > largestDocument {
		doc.id = 0
		return doc
	}
	doc.plans.Grown = func() {
		c.entries.ComputeIfPresent(text, func(kept *document) (*document, otter.ComputeOp) {
			if kept != doc { // it was removed, and has come again
				return kept, otter.CancelOp
			}
			return doc, otter.WriteOp
		})
	}
	first, _ := c.entries.SetIfAbsent(text, doc)
	return first
}
