package httpapi

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// drainFor is how long answers under way may still take after the signal to stop.
const drainFor = 20 * time.Second

// Serve serves the handler until ctx ends, then takes no more requests and lets those under way finish.
func Serve(ctx context.Context, l net.Listener, handler http.Handler, limits Limits, log *slog.Logger) error {
	server := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: limits.HeaderTime,
		ReadTimeout:       limits.BodyTime,
		WriteTimeout:      limits.AnswerTime,
		IdleTimeout:       limits.IdleTime,
		MaxHeaderBytes:    limits.HeaderBytes,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(Bound(l, limits)) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	err := server.Shutdown(drain)
	<-failed //nolint:errcheck // it says that the server was shut down
	if err != nil {
		server.Close() //nolint:errcheck // what is still open has had its time
		return fmt.Errorf("some requests were still open after %s: %w", drainFor, err)
	}
	return nil
}
