// Command roster serves one GraphQL graph over the systems in which a company keeps its people.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"os"
	"os/signal"
	"syscall"

	"roster/internal/command"
	"roster/internal/heap"
)

// The statuses with which the program ends, besides 0 for a success.
const (
	statusFailure     = 1
	statusUsage       = 2
	statusInterrupted = 130 // as shells report the end by SIGINT
)

func main() {
	heap.Tune()
	log.SetOutput(io.Discard) // net/http writes there what a server has sent out of turn, which can be anything
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal begins the drain; the second one finds the usual handler, and ends the program.
	context.AfterFunc(ctx, stop)
	err := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err == nil {
		return
	}
	status := statusFailure
	switch {
	case errors.Is(err, command.ErrUsage): // the reason has been printed
		os.Exit(statusUsage) //nolint:gocritic // stop has nothing left to do
	case errors.Is(err, command.ErrInterrupted):
		status = statusInterrupted
	}
	fmt.Fprintln(os.Stderr, "roster:", err)
	os.Exit(status)
}
