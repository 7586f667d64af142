package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"runtime/pprof"
	"strconv"
	"sync/atomic"

	"roster/bench/internal/process"
)

// answer is what the floor writes to each request.
type answer struct {
	Status int
	Type   string // empty for none
	ETag   string // as above
	Body   []byte
	// Profile is the file for a processor profile until the next answer; empty for none.
	Profile string
}

// serveFloor serves the least that a server written in Go does for a request: a net/http handler that reads the body and writes bytes that it has ready. Each
// line of in is the next answer.
func serveFloor(in io.Reader, out io.Writer) error {
	var current atomic.Pointer[answer]
	current.Store(&answer{Status: http.StatusNotFound})
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.Copy(io.Discard, r.Body); err != nil {
			return
		}
		a := current.Load()
		h := w.Header()
		if a.ETag != "" {
			h.Set("ETag", a.ETag)
		}
		if a.Type != "" {
			h.Set("Content-Type", a.Type)
			h.Set("Content-Length", strconv.Itoa(len(a.Body)))
		}
		w.WriteHeader(a.Status)
		w.Write(a.Body) //nolint:errcheck // the client is gone
	})
	l, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintln(out, l.Addr())
	go http.Serve(l, handler) //nolint:errcheck,gosec // it ends with the process; timeouts would cost time
	return process.AnswerLines(in, out, func(a answer) (bool, error) {
		current.Store(&a)
		pprof.StopCPUProfile()
		if a.Profile == "" {
			return true, nil
		}
		f, err := os.Create(a.Profile)
		if err != nil {
			return false, err
		}
		return true, pprof.StartCPUProfile(f)
	})
}
