package faults

import (
	"net/http"
	"strings"
	"sync"
)

// Fault is an effect and the requests to which it applies.
type Fault struct {
	// On selects requests; nil selects all. It must not call the Handler.
	On func(*http.Request) bool
	// Skip is the number of selected requests that are served normally at first.
	Skip int
	// Times is the number of selected requests that fail after those; 0 means all until the next Set or Clear.
	Times int
	// Effect is what happens to these requests.
	Effect Effect
}

// Path selects the requests whose path or query contains the text.
func Path(text string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.RequestURI(), text) }
}

// Handler passes requests to Next unless a fault applies. It is safe for concurrent use.
type Handler struct {
	Next http.Handler

	mu       sync.Mutex
	faults   []*counted
	released chan struct{} // closed when the present faults end; nil if there are none
	seen     int
	hits     int
}

type counted struct {
	Fault
	selected int // requests that On has selected
}

// Set replaces all faults. The first fault that applies to a request is used. Requests that hang because of earlier faults are cut off.
func (h *Handler) Set(faults ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear()
	h.released = make(chan struct{})
	for _, f := range faults {
		h.faults = append(h.faults, &counted{Fault: f})
	}
}

// Clear removes all faults. Requests that hang are cut off.
func (h *Handler) Clear() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear()
}

func (h *Handler) clear() {
	if h.released != nil {
		close(h.released)
	}
	h.faults, h.released = nil, nil
}

// Requests returns the number of requests so far.
func (h *Handler) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// Hits returns the number of requests so far to which a fault applied.
func (h *Handler) Hits() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hits
}

// ServeHTTP implements http.Handler.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	effect, released := h.choose(r)
	if effect == nil {
		h.Next.ServeHTTP(w, r)
		return
	}
	effect(&call{w: w, r: r, next: h.Next, released: released})
}

func (h *Handler) choose(r *http.Request) (Effect, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen++
	for _, f := range h.faults {
		if f.On != nil && !f.On(r) {
			continue
		}
		f.selected++
		if f.selected <= f.Skip || (f.Times > 0 && f.selected > f.Skip+f.Times) {
			continue
		}
		h.hits++
		return f.Effect, h.released
	}
	return nil, nil
}
