package http1

import (
	"io"
	"net/http"
)

// body is the body of a request, which is in the connection's buffer until the handler has returned.
type body struct {
	rest   []byte
	closed bool
}

// Read implements io.Reader. As with net/http, the last bytes come with io.EOF.
func (b *body) Read(p []byte) (int, error) {
	if b.closed {
		return 0, http.ErrBodyReadAfterClose
	}
	n := copy(p, b.rest)
	if b.rest = b.rest[n:]; len(b.rest) == 0 {
		return n, io.EOF
	}
	return n, nil
}

// Close implements io.Closer.
func (b *body) Close() error {
	b.rest, b.closed = nil, true
	return nil
}
