package faults

import (
	"net/http"
	"strings"
	"sync"
)

// Fault says what goes wrong, and for which requests.
type Fault struct {
	// On chooses the requests; nil means all of them. It must not call the Handler.
	On func(*http.Request) bool
	// Skip lets that many of the chosen requests through first.
	Skip int
	// Times is how many requests the fault meets, those after Skip; 0 means all until the next Set or Clear.
	Times int
	// Effect is what happens.
	Effect Effect
}

// Path chooses the requests that have the text anywhere in path and query.
func Path(text string) func(*http.Request) bool {
	return func(r *http.Request) bool { return strings.Contains(r.URL.RequestURI(), text) }
}

// Handler passes requests on to Next, unless a fault meets them. Without faults it changes nothing. Safe for concurrent use.
type Handler struct {
	Next http.Handler

	mu       sync.Mutex
	faults   []*counted
	released chan struct{} // closed when the present faults end; nil while there are none
	seen     int
	hits     int
}

type counted struct {
	Fault
	chosen int // requests that On has chosen
}

// Set replaces all faults; each request meets the first that applies. Requests that still hang from earlier faults are cut off.
func (h *Handler) Set(faults ...Fault) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.clear()
	h.released = make(chan struct{})
	for _, f := range faults {
		h.faults = append(h.faults, &counted{Fault: f})
	}
}

// Clear ends all faults. Requests that still hang are cut off.
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

// Requests is how many requests have come, since the beginning.
func (h *Handler) Requests() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.seen
}

// Hits is how many requests have met a fault, since the beginning.
func (h *Handler) Hits() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.hits
}

// ServeHTTP answers as Next does, or not.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	effect, released := h.meet(r)
	if effect == nil {
		h.Next.ServeHTTP(w, r)
		return
	}
	effect(&call{w: w, r: r, next: h.Next, released: released})
}

func (h *Handler) meet(r *http.Request) (Effect, <-chan struct{}) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen++
	for _, f := range h.faults {
		if f.On != nil && !f.On(r) {
			continue
		}
		f.chosen++
		if f.chosen <= f.Skip || (f.Times > 0 && f.chosen > f.Skip+f.Times) {
			continue
		}
		h.hits++
		return f.Effect, h.released
	}
	return nil, nil
}
