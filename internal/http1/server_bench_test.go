package http1

import (
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// again is a connection whose client sends a request again and again, and reads nothing.
type again struct {
	scripted
	request string
	left    int
}

func (c *again) Read(b []byte) (int, error) {
	if c.left == 0 {
		return 0, io.EOF
	}
	c.left--
	return copy(b, c.request), nil
}

func (*again) Write(b []byte) (int, error)                 { return len(b), nil }
func (*again) WriteBoth(first, second []byte) (int, error) { return len(first) + len(second), nil }

// BenchmarkRequest measures a plain request without the system's part: by the server, and by net/http.
func BenchmarkRequest(b *testing.B) {
	request := "POST /graphql HTTP/1.1\r\nHost: roster.example:8080\r\nUser-Agent: Go-http-client/1.1\r\nContent-Length: 300\r\nAccept: application/json\r\n" +
		"Accept-Encoding: gzip\r\nContent-Type: application/json\r\n\r\n" + strings.Repeat("x", 300)
	text := []byte(strings.Repeat("y", 200))
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) //nolint:errcheck // it is in memory
		h := w.Header()
		h["Content-Type"], h["Cache-Control"], h["Vary"] = []string{"application/json"}, []string{"no-store"}, []string{"Accept"}
		w.WriteHeader(http.StatusOK)
		w.Write(text) //nolint:errcheck // as above
	})
	for name, serve := range map[string]func(c *again){
		"server": func(c *again) {
			s := New(address)
			s.Handler, s.Path = handler, "/graphql"
			s.begin(c)
		},
		"nethttp": func(c *again) {
			l := listenOnce(c)
			s := &http.Server{Handler: handler, ConnState: func(_ net.Conn, state http.ConnState) {
				if state == http.StateClosed {
					l.Close() //nolint:errcheck // it cannot fail
				}
			}}
			go s.Serve(l) //nolint:errcheck // it was closed
		},
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			c := &again{request: request, left: b.N}
			c.closed = make(chan struct{})
			serve(c)
			<-c.closed
		})
	}
}
