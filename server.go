// Command roster serves one GraphQL graph over the systems in which a company keeps its people.
package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"roster/connectors"
	"roster/graph"
	"roster/internal/access"
	"roster/internal/check"
	"roster/internal/config"
	"roster/internal/httpapi"
	"roster/internal/instance"
	"roster/internal/limit"
	"roster/internal/sandbox"
	"roster/internal/snapshot"
	"roster/internal/telemetry"
	"roster/internal/tier"
	"roster/web"
)

const usage = `Roster serves one GraphQL graph over the systems in which a company keeps its people.

  roster demo   [--listen 127.0.0.1:8080] [--people 1000] [--seed 1] [--limits]   an invented company, with nothing to set up
                [--write-config FILE] [--systems 127.0.0.1:0]                     and for serve and check to read as well
                [--without SYSTEM,SYSTEM]                                         with these of its systems down
  roster serve  [--config roster.yaml] [--listen 127.0.0.1:8080] [--insecure-serve-everyone]   the systems named in the configuration
  roster check  [--config roster.yaml] [--timeout 5m]                             asks each of them what its credential can see
  roster cache clear [--source NAME] [--config roster.yaml]                       removes what is kept beside the memory
  roster key    [NAME]                                                            makes an API key, and the line to configure for it
  roster schema [--federation | --client] [--prefix Roster] [--security-directives]   prints the schema, for a router or for clients
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

// program is one call of the program: a command, what is said to it, and where it may speak.
type program struct {
	*flag.FlagSet
	args           []string
	stdout, stderr io.Writer
}

// run is the program, in terms that a test can give it.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return errUsage
	}
	p := &program{FlagSet: flag.NewFlagSet(args[0], flag.ContinueOnError), args: args[1:], stdout: stdout, stderr: stderr}
	p.SetOutput(stderr)
	p.Usage = func() {} // what is wrong is enough; who asks for help gets it
	var err error
	switch args[0] {
	case "demo":
		err = p.demo(ctx)
	case "serve":
		err = p.serve(ctx)
	case "check":
		err = p.check(ctx)
	case "cache":
		err = p.cache(ctx)
	case "key":
		err = p.key()
	case "schema":
		err = p.schema()
	case "help", "-h", "-help", "--help":
		err = flag.ErrHelp
	default:
		fmt.Fprintf(stderr, "roster: there is no command %q\n\n%s", args[0], usage)
		return errUsage
	}
	if errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(stdout, usage)
	}
	return err
}

// parse reads the flags and refuses anything behind them. The error is flag.ErrHelp where help is asked for.
func (p *program) parse() error {
	switch err := p.Parse(p.args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return errUsage
	case p.NArg() > 0:
		fmt.Fprintf(p.stderr, "roster %s: %q is not understood\n", p.Name(), p.Arg(0))
		return errUsage
	}
	return nil
}

func (p *program) schema() error {
	p.Bool("federation", true, "as a subgraph states it to a federation router")
	client := p.Bool("client", false, "as clients see it")
	prefix := p.String("prefix", "", "what begins its names, as federation.prefix")
	security := p.Bool("security-directives", false, "with @requiresScopes, as it is served where a credential has router: true")
	if err := p.parse(); err != nil {
		return err
	}
	given := make(map[string]bool)
	p.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *client && (given["federation"] || *security) {
		fmt.Fprintln(p.stderr, "roster schema: --client goes with neither --federation nor --security-directives")
		return errUsage
	}
	if *prefix != "" && !config.IsPrefix(*prefix) {
		return errors.New("--prefix: " + config.PrefixForm)
	}
	options := graph.Options{Prefix: *prefix, SecurityDirectives: *security}
	text := graph.Federation(options)
	if *client {
		text = graph.Client(options)
	}
	_, err := io.WriteString(p.stdout, text)
	return err
}

func (p *program) demo(ctx context.Context) error {
	listen := p.String("listen", "127.0.0.1:8080", "address to serve on")
	people := p.Int("people", sandbox.DefaultPeople, "size of the company")
	seed := p.Uint64("seed", 1, "which company")
	limits := p.Bool("limits", false, "keep the vendors' limits")
	systems := p.String("systems", "127.0.0.1:0", "address of the imitated systems")
	written := p.String("write-config", "", "file to write a configuration to with which others read them")
	var without []connectors.Kind
	p.Func("without", "imitated system that is down, or several with commas between; may be repeated", func(names string) (err error) {
		without, err = appendKinds(without, names)
		return err
	})
	if err := p.parse(); err != nil {
		return err
	}
	if *people < sandbox.MinPeople || *people > sandbox.MaxPeople {
		return fmt.Errorf("--people: must be between %d and %d", sandbox.MinPeople, sandbox.MaxPeople)
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", *systems)
	if err != nil {
		return fmt.Errorf("--systems: %w", err)
	}
	if !isLoopback(l.Addr()) {
		return errors.Join(errors.New("--systems: must be an address of loopback, such as 127.0.0.1:8090"), l.Close())
	}
	fakes, err := sandbox.Start(ctx, sandbox.Options{People: *people, Seed: *seed, Limits: *limits, Without: without, Listener: l})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer fakes.Close() //nolint:errcheck // nothing in it is worth keeping
	if *written != "" {
		if err := fakes.WriteConfig(*written, demoServe); err != nil {
			return fmt.Errorf("--write-config: %w", err)
		}
	}
	cfg, err := config.Default(*listen, fakes.Sources())
	if err != nil {
		return err
	}
	cfg.DrainDelay = 0       // nothing stands in front of it
	cfg.Introspection = true // there is nothing to hide, and the playground documents itself by it
	return serve(ctx, cfg, nil, telemetry.NewLogger(p.stderr, telemetry.FormatText, slog.LevelWarn), func(string) {}, func(address string) {
		fmt.Fprint(p.stdout, welcome(address, *people, *limits, without))
		if *written != "" {
			fmt.Fprintf(p.stdout, "\nWritten: %[1]s. As long as this runs, roster check --config %[1]s and roster serve --config %[1]s read the same systems.\n", *written)
		}
	})
}

// appendKinds adds the systems that are named, with commas between.
func appendKinds(kinds []connectors.Kind, names string) ([]connectors.Kind, error) {
	for name := range strings.SplitSeq(names, ",") {
		kind := connectors.Kind(strings.TrimSpace(name))
		if !slices.Contains(connectors.Kinds[:], kind) {
			return nil, fmt.Errorf("there is no system %q: it can be %s", kind, join(connectors.Kinds[:]))
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds, nil
}

func join(kinds []connectors.Kind) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// demoServe is where `serve` listens with the configuration that the demo writes: beside the demo.
const demoServe = "127.0.0.1:8081"

// welcome is what the demo says once there is something to see.
func welcome(address string, people int, limits bool, without []connectors.Kind) string {
	s := "switched off; --limits keeps them"
	if limits {
		s = "kept"
	}
	down := ""
	if len(without) > 0 {
		down = "\nDown, as if the vendor had an outage: " + join(without) + ".\n"
	}
	return fmt.Sprintf(`Roster is ready: %[1]s

Open it in a browser for the playground, or paste this into a shell:

  curl -s %[1]s/graphql -H 'content-type: application/json' -d '{"query":"{ users(first: 3) { totalCount nodes { name email accessLevel teams { name } accounts { source { name } } } } }"}'

Simulated: an invented company of %[2]d people in Worksection, Kommo, Altcraft and Rocket.Chat. Their APIs are imitated over HTTP on this
machine, paging and errors included; the vendors' rate limits are %[3]s. Nothing leaves this machine. Ctrl-C ends it.
%[4]s`, address, people, s, down)
}

func (p *program) serve(ctx context.Context) error {
	path := p.String("config", "roster.yaml", "configuration file")
	listen := p.String("listen", "", "address to serve on, instead of the file's")
	everyone := p.Bool("insecure-serve-everyone", false, "listen beyond loopback although nobody is asked who they are")
	if err := p.parse(); err != nil {
		return err
	}
	// From here on the signal asks for the configuration; before, it would end the program.
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGHUP)
	defer signal.Stop(asked)
	file := config.Open(*path, os.LookupEnv, config.Listen(*listen), config.ServeEveryone(*everyone))
	cfg, err := load(file)
	if err != nil {
		return err
	}
	file.InForce()
	var level slog.Level
	if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
		return err
	}
	return serve(ctx, cfg, &instance.Changes{File: file, Asked: asked}, telemetry.NewLogger(p.stderr, cfg.Log.Format, level),
		func(address string) { fmt.Fprintf(p.stdout, "Roster listens on %s\n", address) },
		func(string) { fmt.Fprintln(p.stdout, "Every collection has been read, or tried.") })
}

func (p *program) check(ctx context.Context) error {
	path := p.String("config", "roster.yaml", "configuration file")
	timeout := p.Duration("timeout", 5*time.Minute, "how long to go on")
	if err := p.parse(); err != nil {
		return err
	}
	cfg, err := load(config.Open(*path, os.LookupEnv))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, *timeout)
	defer cancel()
	// What a check renews is stored like anything else: the grant is used up.
	tokens, endTokens, err := tier.Tokens(ctx, cfg, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer endTokens()
	var runtime connectors.Runtime
	if tokens != nil {
		runtime.Tokens = tokens
	}
	kept := *cfg
	kept.CacheDir = "" // it is for one process, which may be serving
	common, share, err := tier.Open(&kept, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	watch := &check.Watch{Progress: p.stderr}
	runtime.Limits, runtime.Observer, runtime.Memory = limits(common), watch, connectors.NewMemory(cfg.Limits.FetchBytes)
	sources, err := instance.Open(cfg, runtime)
	if err != nil {
		return err
	}
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx)) // its calls count beside those of what serves
	var keeping sync.WaitGroup
	keeping.Go(func() { share(sharing) })
	defer keeping.Wait()
	defer stopSharing()
	reports := check.Run(ctx, sources, watch)
	check.Compare(reports, tier.Known(context.WithoutCancel(ctx), common, cfg, sources))
	if err := check.Print(p.stdout, reports); err != nil {
		return err
	}
	if bad := check.Failing(reports); len(bad) > 0 {
		return fmt.Errorf("not all is well with %s", strings.Join(bad, ", "))
	}
	return nil
}

// key makes an API key. It is shown this once; what is configured is its hash.
func (p *program) key() error {
	if len(p.args) > 0 && len(p.args[0]) > 0 && p.args[0][0] != '-' {
		p.args = append(p.args[1:], "--name="+p.args[0])
	}
	name := p.String("name", "NAME", "whose it is")
	if err := p.parse(); err != nil {
		return err
	}
	key, hash := access.NewKey()
	fmt.Fprintf(p.stdout, `%s

Give it to the caller, who sends it as Authorization: Bearer …; it is shown only now. In the configuration:

access:
  keys:
    - { name: %s, hash: "%s", scopes: ["%s"] }
`, key, *name, hash, access.ScopeRead)
	return nil
}

// clearWithin bounds the clearing of a cache.
const clearWithin = time.Minute

// cache is the command for what is kept beside the memory. It has one thing to say so far.
func (p *program) cache(ctx context.Context) error {
	switch {
	case len(p.args) > 0 && p.args[0] == "clear":
		p.args = p.args[1:]
	case len(p.args) > 0 && strings.HasPrefix(strings.TrimLeft(p.args[0], "-"), "h"):
		return flag.ErrHelp
	default:
		fmt.Fprintln(p.stderr, "roster cache: say what is to be done with it: roster cache clear")
		return errUsage
	}
	path := p.String("config", "roster.yaml", "configuration file")
	source := p.String("source", "", "clear what is of this source alone")
	if err := p.parse(); err != nil {
		return err
	}
	empty := false
	p.Visit(func(f *flag.Flag) { empty = empty || f.Name == "source" && *source == "" })
	if empty { // a variable of the shell that is not set must not clear everything
		fmt.Fprintln(p.stderr, "roster cache: --source needs a name")
		return errUsage
	}
	cfg, err := load(config.Open(*path, os.LookupEnv))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	removed, unit, err := tier.Clear(ctx, cfg, *source)
	if err != nil {
		return err
	}
	if *source != "" && !slices.ContainsFunc(cfg.Sources, func(s config.Source) bool { return s.Name == *source }) {
		fmt.Fprintf(p.stderr, "roster cache: the configuration has no source %q: if it never had, look at the spelling\n", *source)
	}
	fmt.Fprintf(p.stdout, "Removed: %d %s. What runs keeps what it has in memory, and may store it again.\n", removed, unit)
	return nil
}

func load(file *config.File) (*config.Config, error) {
	cfg, err := file.Load()
	if err != nil {
		return nil, fmt.Errorf("the configuration is not usable (roster demo needs none):\n%w", err)
	}
	return cfg, nil
}

// serve listens, reads the sources and serves until ctx ends, and then drains. It says when it listens, and when every collection has been read
// or tried for the first time. Changes, where there are any, are followed meanwhile.
func serve(ctx context.Context, cfg *config.Config, changes *instance.Changes, log *slog.Logger, listening, ready func(address string)) error {
	var secure *tls.Config
	scheme := "http://"
	if cfg.TLS != nil {
		var err error
		if secure, err = httpapi.TLS(*cfg.TLS).Open(log); err != nil {
			return err
		}
		scheme = "https://"
	}
	l, admin, err := listen(ctx, cfg)
	if err != nil {
		return err
	}
	address := scheme + l.Addr().String()
	tokens, endTokens, err := tier.Tokens(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, l.Close(), admin.Close())
	}
	defer endTokens()
	common, share, err := tier.Open(cfg, log)
	if err != nil {
		return errors.Join(err, l.Close(), admin.Close())
	}
	ledger, follow, err := tier.Writes(common, cfg, log)
	if err != nil {
		return errors.Join(err, l.Close(), admin.Close())
	}
	seen, stopTracing, err := observe(ctx, cfg, log)
	if err != nil {
		return errors.Join(err, l.Close(), admin.Close())
	}
	defer stopTracing() // when all that there is to trace is over
	// What reads the sources outlives the signal to stop: until the last answer is out, it may be needed. What has been read at the very end is
	// still of use to others.
	reading, stopReading := context.WithCancel(context.WithoutCancel(ctx))
	sharing, stopSharing := context.WithCancel(context.WithoutCancel(ctx))
	var read, kept sync.WaitGroup
	kept.Go(func() { share(sharing) })
	kept.Go(func() { follow(sharing) })
	defer kept.Wait()
	defer stopSharing()
	waits := telemetry.NewWaits(log)
	runtime := connectors.Runtime{Observer: waits.Follow(seen.Calls(false)), Limits: limits(common), Memory: connectors.NewMemory(cfg.Limits.FetchBytes)}
	options := instance.Options{
		Tier: common, TierKind: tier.Kind(cfg), Presence: tier.Presence(common), Writes: ledger, Pages: web.Handler(), Stopping: func() bool { return ctx.Err() != nil }, Logger: log,
		Runtime: runtime, Tokens: tokens, Propagating: waits.Follow(seen.Calls(true)), Readings: seen.Readings(), Operations: seen, Written: seen,
		HealthElsewhere: admin != nil,
		AccessLines:     func(w io.Writer) *slog.Logger { return telemetry.NewLogger(w, telemetry.FormatJSON, slog.LevelInfo) },
	}
	if admin == nil && isLoopback(l.Addr()) { // while it asks nobody, whoever reaches it may see everything anyway
		options.Metrics = seen.Metrics()
	}
	host, err := instance.New(cfg, options, func() { ready(address) })
	if err != nil {
		stopReading()
		return errors.Join(err, l.Close(), admin.Close())
	}
	seen.Watch(host, redisOf(common))
	listening(address)
	read.Go(func() { host.Run(reading, changes) })
	if tokens != nil {
		read.Go(func() { tokens.Run(reading) })
	}
	stopAdmin := admin.Serve(ctx, httpapi.NewAdmin(httpapi.AdminOptions{Metrics: seen.Metrics(), Readiness: host.Readiness, Pprof: cfg.Admin.Pprof}), log)
	server := httpapi.Server{Handler: seen.Handler(host, log), Limits: httpapi.Limits(cfg.Limits), TLS: secure, DrainDelay: cfg.DrainDelay, Logger: log}
	err = server.Serve(ctx, l)
	stopAdmin() // until here it tells how the drain goes
	stopReading()
	read.Wait()
	return err
}

// sendWithin bounds the sending of the last traces.
const sendWithin = 3 * time.Second

// observe gives what collects what the operator sees, and what sends the last of it.
func observe(ctx context.Context, cfg *config.Config, log *slog.Logger) (seen *telemetry.Telemetry, stop func(), err error) {
	tracing, err := telemetry.OpenTracing(ctx, telemetry.TracingOptions{Endpoint: cfg.Tracing.Endpoint, Ratio: cfg.Tracing.Ratio, Logger: log})
	if err != nil {
		return nil, nil, err
	}
	return telemetry.New(tracing), func() {
		last, cancel := context.WithTimeout(context.WithoutCancel(ctx), sendWithin)
		defer cancel()
		tracing.Close(last)
	}, nil
}

// redisOf gives the tier where it is Redis.
func redisOf(t snapshot.Tier) telemetry.Redis {
	r, _ := t.(telemetry.Redis) // nil where it is something else
	return r
}

// listen listens for users, and for the operator where that is elsewhere; admin is nil where it is not.
func listen(ctx context.Context, cfg *config.Config) (l net.Listener, admin *httpapi.AdminListener, err error) {
	if l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen); err != nil || cfg.Admin.Listen == "" {
		return l, nil, err
	}
	if admin, err = httpapi.ListenAdmin(ctx, cfg.Admin.Listen); err != nil {
		return nil, nil, errors.Join(fmt.Errorf("admin.listen: %w", err), l.Close())
	}
	return l, admin, nil
}

func isLoopback(address net.Addr) bool {
	a, ok := address.(*net.TCPAddr)
	return ok && a.IP.IsLoopback()
}

// limits gives the limits of all sources, which replicas share where they share a tier that can.
func limits(common snapshot.Tier) *limit.Limits {
	ledger, _ := common.(limit.Ledger)
	return limit.New(ledger)
}
