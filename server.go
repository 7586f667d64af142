// Command roster serves one GraphQL graph over the systems in which a company keeps its people.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"

	"roster/internal/command"
	"roster/internal/heap"
)

func main() {
	heap.Tune()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal begins the drain; the second one finds the usual handler, and ends the program.
	context.AfterFunc(ctx, stop)
	err := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
	case errors.Is(err, command.ErrUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "roster:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}
