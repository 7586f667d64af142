package httpapi

import "net/http"

// handshake is where the WebSocket library answers. It keeps back what the library says of a request that it refuses, so that this is told as all
// refusals are.
type handshake struct {
	http.ResponseWriter
	refused int // the status of it
}

// WriteHeader switches protocols, or notes that the request is refused.
func (h *handshake) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols {
		h.refused = status
		h.Header()["Content-Type"] = contentTypes[asJSON] // which the library has made text
		return
	}
	for _, name := range [...]string{"Content-Type", "Cache-Control", "Content-Security-Policy", "X-Content-Type-Options"} { // they are for answers
		h.Header().Del(name)
	}
	h.ResponseWriter.WriteHeader(status)
}

// Write leaves out the library's text, which repeats what was sent.
func (*handshake) Write(text []byte) (int, error) { return len(text), nil }

// Unwrap gives what can be hijacked.
func (h *handshake) Unwrap() http.ResponseWriter { return h.ResponseWriter }
