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

func main() {
	heap.Tune()
	log.SetOutput(io.Discard) // net/http writes there what a server has sent out of turn, which can be anything
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// The first signal begins the drain; the second one finds the usual handler, and ends the program.
	context.AfterFunc(ctx, stop)
	err := command.Run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	if err != nil && !errors.Is(err, command.ErrUsage) { // its reason has been printed
		fmt.Fprintln(os.Stderr, "roster:", err)
	}
	os.Exit(command.Status(err))
}
