// Command changesbench measures what many subscribers to changes cost: how late they learn of a change, how many bytes that takes, and how much memory the
// server needs. It also checks that each of them gets exactly its changes. `make bench-changes` runs it; bench/README.md explains its results.
//
// It starts an invented company, the server and the subscribers as processes of their own. It reads the memory of the server from /proc, so it needs Linux.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"roster/bench/internal/process"
)

// roles are the processes that this program can be, by their first argument.
var roles = map[string]func(in io.Reader, out io.Writer) error{"company": serveCompany, "subscribers": subscribe}

func main() {
	var err error
	role := ""
	if len(os.Args) > 1 {
		role = os.Args[1]
	}
	if run, ok := roles[role]; ok {
		err = run(os.Stdin, os.Stdout)
	} else {
		err = drive(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "changesbench:", err)
		os.Exit(1)
	}
}

// settings say what to measure.
type settings struct {
	subscribers int
	people      int    // of the company
	few         int    // of a smaller one, of which only one person changes at a time
	change      int    // how many people change in each of the two phases with many
	at          int    // how many of them at a time in the phase "many"
	single      int    // how often one person changes
	server      string // the binary of the server; empty for one that is built
	out         string // the file for the table; empty for none
	profile     string // the beginning of the names of files for profiles of the server; empty for none
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("changesbench", flag.ContinueOnError)
	flags.IntVar(&s.subscribers, "subscribers", 1000, "number of subscribers")
	flags.IntVar(&s.people, "people", 13_000, "size of the company; about three of four people are in the source that changes, which lists at most 10,000")
	flags.IntVar(&s.few, "few", 1000, "size of another company, of which only one person changes at a time")
	flags.IntVar(&s.change, "change", 10_000, "how many people change in the second phase, and in the third, if so many are in the source")
	flags.IntVar(&s.at, "at", 500, "how many of them change at a time in the second phase")
	flags.IntVar(&s.single, "single", 20, "how often one person changes in the first phase")
	flags.StringVar(&s.server, "server", "", "`binary` of the server to measure, instead of one that is built")
	flags.StringVar(&s.out, "out", "", "`file` for the table")
	flags.StringVar(&s.profile, "profile", "", "the beginning of the names of `files` for profiles of the server, of processor time and allocations, during the last two phases")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.subscribers < combinations || s.at < 1 || s.change < s.at || s.single < 1 {
		return s, fmt.Errorf("there must be at least %d subscribers and one change", combinations)
	}
	return s, nil
}

// drive starts all processes, measures, and writes the table.
func drive(args []string) error {
	s, err := parse(args)
	if errors.Is(err, flag.ErrHelp) {
		return nil
	}
	if err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	dir, err := os.MkdirTemp("", "roster-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing depends on it
	if s.server == "" {
		s.server = filepath.Join(dir, "roster")
		if err := process.Build(ctx, s.server); err != nil {
			return err
		}
	}
	table := &table{settings: s, flags: args, load: loadOf()}
	for _, people := range []int{s.few, s.people} {
		b := &bench{settings: s, dir: dir, size: people}
		err := b.run(ctx, table)
		b.stop()
		if err != nil {
			return err
		}
	}
	text := table.String()
	fmt.Fprint(os.Stdout, text)
	if s.out == "" {
		return nil
	}
	return os.WriteFile(s.out, []byte(text), 0o644) //nolint:gosec // everybody may read it
}
