// Command roster serves one GraphQL graph over the systems in which a company keeps its people.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"roster/connectors"
	"roster/connectors/registry"
	"roster/graph"
	"roster/internal/check"
	"roster/internal/config"
	"roster/internal/directory"
	"roster/internal/httpapi"
	"roster/internal/presence"
	"roster/internal/roster"
	"roster/internal/sandbox"
	"roster/internal/shared"
	"roster/internal/snapshot"
	"roster/resolvers"
	"roster/web"
)

const usage = `Roster serves one GraphQL graph over the systems in which a company keeps its people.

  roster demo   [--listen 127.0.0.1:8080] [--people 1000] [--seed 1] [--limits]   an invented company, with nothing to set up
  roster serve  [--config roster.yaml] [--listen 127.0.0.1:8080]                  the systems named in the configuration
  roster check  [--config roster.yaml] [--timeout 1m]                             asks each of them what its credential can see
  roster schema                                                                   prints the schema
`

// errUsage says that the command line was wrong; what was wrong has been printed.
var errUsage = errors.New("usage")

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// The first signal begins the drain; the second one finds the usual handler, and ends the program.
	context.AfterFunc(ctx, stop)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil:
	case errors.Is(err, errUsage):
		os.Exit(2)
	default:
		fmt.Fprintln(os.Stderr, "roster:", err)
		os.Exit(1) //nolint:gocritic // stop has nothing left to do
	}
}

// run is the program, in terms that a test can give it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errUsage
	}
	flags := flag.NewFlagSet(args[0], flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() { fmt.Fprint(stderr, usage) }
	switch args[0] {
	case "demo":
		return demo(ctx, flags, args[1:], stdout, stderr)
	case "serve":
		return serve(ctx, flags, args[1:], stdout, stderr)
	case "check":
		return checkSources(ctx, flags, args[1:], stdout)
	case "schema":
		if err := parse(flags, args[1:]); err != nil {
			return err
		}
		_, err := io.WriteString(stdout, graph.SDL())
		return err
	case "help", "-h", "--help":
		_, err := io.WriteString(stdout, usage)
		return err
	}
	fmt.Fprintf(stderr, "roster: there is no command %q\n\n%s", args[0], usage)
	return errUsage
}

// parse reads the flags and refuses anything behind them.
func parse(flags *flag.FlagSet, args []string) error {
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return nil
		}
		return errUsage
	}
	if flags.NArg() > 0 {
		fmt.Fprintf(flags.Output(), "roster %s: %q is not understood\n", flags.Name(), flags.Arg(0))
		return errUsage
	}
	return nil
}

func demo(ctx context.Context, flags *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	listen := flags.String("listen", "127.0.0.1:8080", "address to serve on")
	people := flags.Int("people", 1000, "size of the company")
	seed := flags.Uint64("seed", 1, "which company")
	limits := flags.Bool("limits", false, "keep the vendors' limits")
	if err := parse(flags, args); err != nil {
		return err
	}
	if *people < 1 || *people > 1_000_000 {
		return errors.New("--people: must be between 1 and 1000000")
	}
	fakes, err := sandbox.Start(ctx, sandbox.Options{People: *people, Seed: *seed, Limits: *limits})
	if err != nil {
		return err
	}
	defer fakes.Close()
	cfg, err := config.Default(*listen, fakes.Sources())
	if err != nil {
		return err
	}
	return serveConfig(ctx, cfg, logger(stderr, slog.LevelWarn), nil, func(address string) {
		fmt.Fprint(stdout, welcome(address, *people, *limits))
	})
}

// welcome is what the demo says once there is something to see.
func welcome(address string, people int, limits bool) string {
	s := "switched off; --limits keeps them"
	if limits {
		s = "kept"
	}
	return fmt.Sprintf(`Roster is ready: %[1]s

Open it in a browser for the playground, or paste this into a shell:

  curl -s %[1]s/graphql -H 'content-type: application/json' -d '{"query":"{ users(first: 3) { totalCount nodes { name email accessLevel teams { name } accounts { source { name } } } } }"}'

Simulated: an invented company of %[2]d people in Worksection, Kommo, Altcraft and Rocket.Chat. Their APIs are imitated over HTTP on this
machine, paging and errors included; the vendors' rate limits are %[3]s. Nothing leaves this machine. Ctrl-C ends it.
`, address, people, s)
}

func serve(ctx context.Context, flags *flag.FlagSet, args []string, stdout, stderr io.Writer) error {
	path := flags.String("config", "roster.yaml", "configuration file")
	listen := flags.String("listen", "", "address to serve on, instead of the file's")
	if err := parse(flags, args); err != nil {
		return err
	}
	cfg, err := load(*path, *listen)
	if err != nil {
		return err
	}
	return serveConfig(ctx, cfg, logger(stderr, slog.LevelInfo),
		func(address string) { fmt.Fprintf(stdout, "Roster listens on %s\n", address) },
		func(string) { fmt.Fprintln(stdout, "Every collection has been read, or tried.") })
}

func checkSources(ctx context.Context, flags *flag.FlagSet, args []string, stdout io.Writer) error {
	path := flags.String("config", "roster.yaml", "configuration file")
	timeout := flags.Duration("timeout", time.Minute, "how long to go on")
	if err := parse(flags, args); err != nil {
		return err
	}
	cfg, err := load(*path, "")
	if err != nil {
		return err
	}
	sources, err := open(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	plain := make([]*connectors.Source, len(sources))
	for i, s := range sources {
		plain[i] = s.Source
	}
	reports := check.Run(ctx, plain)
	if err := check.Print(stdout, reports); err != nil {
		return err
	}
	var bad []string
	for i := range reports {
		if !reports[i].OK() {
			bad = append(bad, reports[i].Source.Name)
		}
	}
	if len(bad) > 0 {
		return fmt.Errorf("not all is well with %s", strings.Join(bad, ", "))
	}
	return nil
}

func load(path, listen string) (*config.Config, error) {
	cfg, err := config.Load(path, os.LookupEnv, config.Listen(listen))
	if err != nil {
		return nil, fmt.Errorf("%s is not usable:\n%w", path, err)
	}
	return cfg, nil
}

// open makes the sources, without the collections that are not to be read, and reports all that cannot be made.
func open(cfg *config.Config) ([]roster.Source, error) {
	var sources []roster.Source
	var faults []error
	for i := range cfg.Sources {
		c := &cfg.Sources[i]
		s, err := registry.Open(c.Config)
		if err != nil {
			faults = append(faults, fmt.Errorf("source %s: %w", c.Name, err))
			continue
		}
		for _, kind := range s.Collections() {
			if _, wanted := c.Collections[kind]; !wanted {
				s.Without(kind)
			}
		}
		sources = append(sources, roster.Source{Source: s, Trust: directory.PolicyFor(c.EmailTrust)})
	}
	return sources, errors.Join(faults...)
}

// serveConfig listens, reads and serves until ctx ends, and then drains. It says when it listens, and when every collection has been read or
// tried for the first time.
func serveConfig(ctx context.Context, cfg *config.Config, log *slog.Logger, listening, ready func(address string)) error {
	sources, err := open(cfg)
	if err != nil {
		return err
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return err
	}
	address := "http://" + l.Addr().String()
	if listening != nil {
		listening(address)
	}
	tier, share, err := openTier(cfg, log)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	a := newApp(cfg, sources, tier, log)
	// What reads the sources outlives the signal to stop: until the last answer is out, it may be needed.
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	var background sync.WaitGroup
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx))
	var keeping sync.WaitGroup
	keeping.Go(func() { share(sharing) })
	background.Go(func() { a.keeper.Run(reading) }) //nolint:errcheck // it ends when it is told to
	background.Go(func() { a.roster.Run(reading) }) //nolint:errcheck // as above
	background.Go(func() {
		if a.awaitFirstReading(reading) {
			ready(address)
		}
	})
	err = a.serveHTTP(ctx, l)
	stopReading()
	background.Wait()
	stopSharing() // what has been read at the very end is still of use to others
	keeping.Wait()
	a.presence.Close()
	return err
}

// openTier gives where snapshots are kept and shared beside the memory, and what keeps that going until its context ends.
func openTier(cfg *config.Config, log *slog.Logger) (tier snapshot.Tier, share func(context.Context), err error) {
	switch c := cfg.Redis; {
	case c != nil:
		r, err := shared.Open(shared.Options{
			URL: c.URL, Addrs: c.Addrs, MasterName: c.MasterName, Username: c.Username, Password: c.Password,
			SentinelUsername: c.SentinelUsername, SentinelPassword: c.SentinelPassword, TLS: c.TLS, Prefix: c.Prefix,
			Key: []byte(c.EncryptionKey.Reveal()), PoolSize: c.PoolSize,
			DialTimeout: c.DialTimeout, ReadTimeout: c.ReadTimeout, WriteTimeout: c.WriteTimeout, Logger: log,
		})
		if err != nil {
			return nil, nil, fmt.Errorf("redis: %w", err)
		}
		return r, func(ctx context.Context) {
			r.Run(ctx) //nolint:errcheck // it ends when it is told to
			r.Close()  //nolint:errcheck // nothing comes after it
		}, nil
	case cfg.CacheDir != "":
		d, err := shared.OpenDir(cfg.CacheDir, nil)
		if err != nil {
			return nil, nil, fmt.Errorf("cache_dir: %w", err)
		}
		return d.Join(), func(context.Context) {}, nil
	}
	return nil, func(context.Context) {}, nil
}

// app is the parts of a running server.
type app struct {
	keeper   *snapshot.Keeper
	roster   *roster.Roster
	presence *presence.Store
	server   *http.Server
	draining atomic.Bool
}

func newApp(cfg *config.Config, sources []roster.Source, tier snapshot.Tier, log *slog.Logger) *app {
	settings := make(map[snapshot.Key]snapshot.Settings)
	for _, s := range cfg.Sources {
		for kind, c := range s.Collections {
			settings[snapshot.Key{Source: s.Name, Collection: kind}] = snapshot.Settings(c)
		}
	}
	plain := make([]*connectors.Source, len(sources))
	for i, s := range sources {
		plain[i] = s.Source
	}
	precedence := make(map[directory.Field][]string, len(cfg.Precedence))
	for field, names := range cfg.Precedence {
		precedence[directory.Field(field)] = names
	}
	a := &app{keeper: snapshot.New(snapshot.Options{
		Sources: plain, Settings: settings, IdleAfter: cfg.IdleAfter, FirstWait: cfg.FirstWait, MaxWait: cfg.MaxWait, Tier: tier, Logger: log,
	})}
	a.roster = roster.New(roster.Options{Keeper: a.keeper, Sources: sources, Logger: log, Rules: directory.Rules{
		Links: cfg.Identity.Link, Splits: cfg.Identity.Split, SharedMailboxes: cfg.Identity.SharedMailboxes, Precedence: precedence,
	}})
	a.presence = presence.New(plain, presence.Options{Logger: log})
	a.server = &http.Server{
		Handler: httpapi.New(httpapi.Options{
			API:   &resolvers.Resolver{Roster: a.roster, Keeper: a.keeper, Presence: a.presence, Logger: log},
			Pages: web.Handler(),
			Ready: func() bool { return !a.draining.Load() && a.allTried() },
		}),
		ReadHeaderTimeout: 5 * time.Second,
		ReadTimeout:       15 * time.Second,
		WriteTimeout:      time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	return a
}

// drainFor is how long answers under way may still take after the signal to stop.
const drainFor = 20 * time.Second

// serveHTTP serves until ctx ends, then takes no more requests and lets those under way finish.
func (a *app) serveHTTP(ctx context.Context, l net.Listener) error {
	failed := make(chan error, 1)
	go func() { failed <- a.server.Serve(l) }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	a.draining.Store(true)
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainFor)
	defer cancel()
	if err := a.server.Shutdown(drain); err != nil {
		return fmt.Errorf("some requests were still open after %s: %w", drainFor, err)
	}
	return nil
}

// allTried says whether every collection has been read, or tried, to an end once.
func (a *app) allTried() bool {
	for _, st := range a.keeper.Statuses() {
		if st.TriedAt.IsZero() || (st.Reading && st.Err == nil && st.State >= snapshot.Incomplete) {
			return false
		}
	}
	return true
}

// awaitFirstReading waits until allTried; it is false when ctx ends before.
func (a *app) awaitFirstReading(ctx context.Context) bool {
	for tick := time.NewTicker(50 * time.Millisecond); ; {
		if a.allTried() && a.roster.UpToDate() {
			return true
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return false
		}
	}
}

func logger(w io.Writer, level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(w, &slog.HandlerOptions{Level: level}))
}
