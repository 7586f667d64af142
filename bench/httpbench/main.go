// Command httpbench measures how much processor time the server takes for a request, as a multiple of a plain net/http handler that reads the same request
// and writes the same bytes. `make bench-http` runs it; bench/README.md explains its results.
//
// It starts the floor, an invented company, the server and a load generator as processes of their own, and reads the processor time of the floor and of the
// server from /proc. So it needs Linux.
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
	"regexp"
	"strconv"
	"syscall"
	"time"

	"roster/bench/internal/process"
)

// roles are the processes that this program can be, by their first argument.
var roles = map[string]func(in io.Reader, out io.Writer) error{"floor": serveFloor, "company": serveCompany, "load": generateLoad}

func main() {
	var err error
	if role, ok := roles[first(os.Args[1:])]; ok {
		err = role(os.Stdin, os.Stdout)
	} else {
		err = drive(os.Args[1:])
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "httpbench:", err)
		os.Exit(1)
	}
}

func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// settings say what to measure.
type settings struct {
	rows    *regexp.Regexp
	rounds  int
	round   time.Duration
	server  string // the binary of the server; empty for one that is built
	out     string // the file for the table; empty for none
	profile string // a file for a profile of the server; empty for none
	check   bool
}

func parse(args []string) (s settings, err error) {
	flags := flag.NewFlagSet("httpbench", flag.ContinueOnError)
	rows := flags.String("rows", ".", "which `rows` to measure, a regular expression")
	flags.IntVar(&s.rounds, "rounds", 5, "rounds of each row")
	flags.StringVar(&s.server, "server", "", "`binary` of the server to measure, instead of one that is built")
	flags.StringVar(&s.out, "out", "", "`file` for the table")
	flags.StringVar(&s.profile, "profile", "", "`file` for a processor profile of the server during all rounds of one row")
	flags.BoolVar(&s.check, "check", false, "fail if a goal is missed")
	if err := flags.Parse(args); err != nil {
		return s, err
	}
	if s.rows, err = regexp.Compile(*rows); err != nil {
		return s, fmt.Errorf("-rows: %w", err)
	}
	seconds := 1.0
	if text := os.Getenv("BENCH_SECONDS"); text != "" {
		if seconds, err = strconv.ParseFloat(text, 64); err != nil || seconds <= 0 {
			return s, errors.New("BENCH_SECONDS: must be the positive number of seconds of a round")
		}
	}
	s.round = time.Duration(seconds * float64(time.Second))
	if s.rounds < 1 {
		return s, errors.New("-rounds: must be at least 1")
	}
	return s, nil
}

// drive starts all processes, measures, and writes the table.
func drive(args []string) error {
	s, err := parse(args)
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
	b := &bench{settings: s, dir: dir}
	defer b.stop()
	table, err := b.run(ctx)
	if err != nil {
		return err
	}
	text := table.String()
	fmt.Fprint(os.Stdout, text)
	if s.out != "" {
		if err := os.WriteFile(s.out, []byte(text), 0o644); err != nil { //nolint:gosec // everybody may read it
			return err
		}
	}
	if missed := table.missed(); s.check && missed > 0 {
		return fmt.Errorf("%d goals are missed", missed)
	}
	return nil
}
