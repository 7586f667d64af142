package httpapi

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"
)

// drainFor is how long answers under way may still take after the signal to stop.
const drainFor = 20 * time.Second

// serving is what requests know of the server that they came to.
type serving struct {
	stopping <-chan struct{}
	open     sync.WaitGroup // WebSockets, of which net/http knows nothing once they are opened
}

type servingKey struct{}

// servingOf gives the server that a request came to; one that never stops where there is none.
func servingOf(ctx context.Context) *serving {
	if s, ok := ctx.Value(servingKey{}).(*serving); ok {
		return s
	}
	return &serving{}
}

// closed waits for all WebSockets to close, and is false where they do not in time.
func (s *serving) closed(ctx context.Context) bool {
	all := make(chan struct{})
	go func() {
		s.open.Wait()
		close(all)
	}()
	select {
	case <-all:
		return true
	case <-ctx.Done():
		return false
	}
}

// onStop calls f when the server stops, or the handler is retired, unless it is called off before. What it gives calls it off.
func (s *serving) onStop(retired <-chan struct{}, f func()) (off func()) {
	over := make(chan struct{})
	var waiting sync.WaitGroup
	waiting.Go(func() {
		select {
		case <-s.stopping:
			f()
		case <-retired:
			f()
		case <-over:
		}
	})
	return func() {
		close(over)
		waiting.Wait()
	}
}

// Serve serves the handler until ctx ends, in clear where secure is nil, then takes no more requests and lets those under way finish.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, limits Limits, secure *tls.Config, log *slog.Logger) error {
	return serve(ctx, l, handler, limits, secure, log, drainFor)
}

func serve(
	ctx context.Context, l net.Listener, handler http.Handler, limits Limits, secure *tls.Config, log *slog.Logger, drainFor time.Duration,
) error {
	at := &serving{stopping: ctx.Done()}
	at.open.Add(1) // the server itself, until it drains
	requests, endAll := context.WithCancel(context.WithValue(context.WithoutCancel(ctx), servingKey{}, at))
	defer endAll()
	server := &http.Server{
		Handler:           handler,
		BaseContext:       func(net.Listener) context.Context { return requests },
		ReadHeaderTimeout: limits.HeaderTime,
		ReadTimeout:       limits.BodyTime,
		WriteTimeout:      limits.AnswerTime,
		IdleTimeout:       limits.IdleTime,
		MaxHeaderBytes:    limits.HeaderBytes,
		TLSConfig:         secure,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() {
		if secure != nil {
			failed <- server.ServeTLS(Bound(l, limits), "", "")
			return
		}
		failed <- server.Serve(Bound(l, limits))
	}()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	log.InfoContext(ctx, "stopping: takes no more requests, and finishes those under way", "address", l.Addr().String(), "at_most", drainFor.String())
	at.open.Done()
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := server.Shutdown(drain)
	<-failed //nolint:errcheck // it says that the server was shut down
	if !at.closed(drain) {
		endAll()
		at.open.Wait()
		err = errors.Join(err, drain.Err())
	}
	if err != nil {
		server.Close() //nolint:errcheck // what is still open has had its time
		return fmt.Errorf("some requests were still open after %s: %w", drainFor, err)
	}
	return nil
}
