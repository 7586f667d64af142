package httpapi

import "net/http"

// handshake is the ResponseWriter for the WebSocket library. It discards the library's text for a rejected request, so that the response can be a refusal like
// all others.
type handshake struct {
	http.ResponseWriter
	refused int // the status, if the request is rejected
}

// WriteHeader switches protocols, or records that the library rejects the request.
func (h *handshake) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols {
		h.refused = status
		h.Header()["Content-Type"] = contentTypes[asJSON] // the library has set text/plain
		return
	}
	for _, name := range [...]string{"Content-Type", "Cache-Control", "X-Content-Type-Options"} { // headers of answers
		h.Header().Del(name)
	}
	h.ResponseWriter.WriteHeader(status)
}

// Write discards the library's text, which repeats parts of the request.
func (*handshake) Write(text []byte) (int, error) { return len(text), nil }

// Unwrap returns the writer below, which can be hijacked.
func (h *handshake) Unwrap() http.ResponseWriter { return h.ResponseWriter }
