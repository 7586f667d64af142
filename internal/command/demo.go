package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"roster/connectors"
	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/nearest"
	"roster/internal/progress"
	"roster/internal/sandbox"
	"roster/internal/telemetry"
	"roster/web"
)

// demoOptions are the flags of the demo.
type demoOptions struct {
	listen, systems, written string
	people                   int
	seed                     uint64
	limits, keys             bool
	origins                  []string
	without                  []connectors.KindName
}

func (p *program) demo() *cobra.Command {
	cmd := &cobra.Command{
		Use: "demo", Short: "Serve an invented company; needs no configuration and no credential", Args: none,
		Long: `Serve an invented company, in whose ` + titles() + ` the program imitates the vendors' APIs on this machine. Nothing leaves the machine.
Ctrl-C ends it.`,
		Example: `  roster demo
  roster demo --people 20000 --without ` + string(sandbox.Kinds[1]) + `
  roster demo --keys --cors http://localhost:5173          # for a front end in development
  roster demo --systems 127.0.0.1:8090 --write-config demo.yaml`,
	}
	var o demoOptions
	var without []string
	flags := cmd.Flags()
	flags.StringVar(&o.listen, "listen", "127.0.0.1:8080", "the `address` to serve on")
	flags.IntVar(&o.people, "people", sandbox.DefaultPeople, fmt.Sprintf("the `number` of people, from %d to %d", sandbox.MinPeople, sandbox.MaxPeople))
	flags.Uint64Var(&o.seed, "seed", 1, "another `number` makes another company")
	flags.BoolVar(&o.limits, "limits", false, "keep the rate limits of the vendors")
	flags.StringSliceVar(&without, "without", nil, "a `source` that is down, as in an outage: "+join(sandbox.Kinds[:])+"; several with commas between them")
	flags.StringArrayVar(&o.origins, "cors", nil, "an `origin` whose pages may use the graph, such as http://localhost:5173; may be repeated")
	flags.BoolVar(&o.keys, "keys", false, "ask callers for a key, and print keys with which to try that")
	flags.StringVar(&o.systems, "systems", "127.0.0.1:0", "the `address` of the imitated vendors, for serve and check of other processes")
	flags.StringVar(&o.written, "write-config", "", "write a configuration with which serve and check read the imitated vendors to this `file`")
	cmd.RegisterFlagCompletionFunc("without", cobra.FixedCompletions(kindNames(), cobra.ShellCompDirectiveNoFileComp)) //nolint:errcheck // the flag exists
	cmd.MarkFlagFilename("write-config", "yaml", "yml")                                                                //nolint:errcheck // the flag exists
	cmd.RunE = func(*cobra.Command, []string) error {
		for _, name := range without {
			kind := connectors.KindName(strings.TrimSpace(name))
			if !slices.Contains(sandbox.Kinds[:], kind) {
				return &usageError{cmd, fmt.Sprintf("--without: there is no source %q: it can be %s%s", kind, join(sandbox.Kinds[:]), nearest.Hint(string(kind), kindNames()))}
			}
			if !slices.Contains(o.without, kind) {
				o.without = append(o.without, kind)
			}
		}
		if o.people < sandbox.MinPeople || o.people > sandbox.MaxPeople {
			return &usageError{cmd, fmt.Sprintf("--people: must be from %d to %d", sandbox.MinPeople, sandbox.MaxPeople)}
		}
		ctx, stop := ignoreHangup(cmd.Context(), p.stderr)
		defer stop()
		return p.runDemo(ctx, cmd, &o)
	}
	return cmd
}

func (p *program) runDemo(ctx context.Context, cmd *cobra.Command, o *demoOptions) error {
	keys, shownKeys := demoKeys(o.keys)
	options := []config.DemoOption{config.DemoKeys(keys), config.DemoOrigins(o.origins)}
	if _, err := config.Default(o.listen, nil, options...); err != nil { // before a large company is made
		return &usageError{cmd, err.Error()}
	}
	systems, err := listenLoopback(ctx, cmd, o.systems)
	if err != nil {
		return err
	}
	l, err := app.Listen(ctx, "--listen", o.listen, "--listen, such as --listen 127.0.0.1:8081")
	if err != nil {
		return errors.Join(err, systems.Close())
	}
	address := "http://" + l.Addr().String()
	fmt.Fprintf(p.stdout, "Roster listens on %s\nIt invents a company of %d people, and reads it.\n", address, o.people)
	fakes, err := sandbox.Start(ctx, sandbox.Options{People: o.people, Seed: o.seed, Limits: o.limits, Without: o.without, Listener: systems})
	if err != nil {
		return errors.Join(err, systems.Close(), l.Close())
	}
	defer fakes.Close() //nolint:errcheck // the data is not needed afterwards
	if o.written != "" {
		if err := fakes.WriteConfig(o.written, demoServe); err != nil {
			return errors.Join(fmt.Errorf("--write-config: %w", cannotWrite(o.written, err)), l.Close())
		}
	}
	cfg, err := config.Default(o.listen, sandbox.WithCustomFields(fakes.Sources()), options...)
	if err != nil {
		return errors.Join(err, l.Close())
	}
	cfg.DrainDelay = 0       // there is no load balancer
	cfg.Introspection = true // the data is not secret, and the playground needs it for its documentation
	cfg.Identity.Authority = fakes.Authority()
	if cfg.Identity.Dir, err = os.MkdirTemp("", "roster-demo-"); err == nil { // without it, everything but edits of identities works
		defer os.RemoveAll(cfg.Identity.Dir) //nolint:errcheck // the edits are not needed afterwards
	}
	shown := progress.New(p.stderr, func(s progress.Source) { fmt.Fprintln(p.stdout, s) })
	defer shown.Stop()
	return app.Serve(ctx, cfg, app.Serving{
		Pages: web.Handler, Logger: telemetry.NewLogger(shown, telemetry.FormatText, slog.LevelWarn), Listener: l,
		Listening: func(_ string, state app.FetchState) { shown.Start(showing(state)) },
		Ready: func(address string, _ app.FetchState) {
			shown.Stop()
			text := welcome(address, o, shownKeys)
			if o.written != "" {
				text += fmt.Sprintf("\nWritten: %[1]s. As long as this runs, roster check --config %[1]s and roster serve --config %[1]s read the same systems.\n", o.written)
			}
			fmt.Fprint(p.stdout, text) // at once: who waits for the address finds the whole text
		},
	})
}

// listenLoopback listens for the imitated vendors, whose credentials are no secret.
func listenLoopback(ctx context.Context, cmd *cobra.Command, address string) (net.Listener, error) {
	wrong := &usageError{cmd, "--systems: must be a loopback address with a port from 0 to 65535, such as 127.0.0.1:8090"}
	if _, port, err := net.SplitHostPort(address); err != nil || !isPort(port) {
		return nil, wrong
	}
	l, err := app.Listen(ctx, "--systems", address, "--systems")
	if err != nil {
		return nil, err
	}
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return nil, errors.Join(wrong, l.Close())
	}
	return l, nil
}

// ignoreHangup has SIGHUP, which reloads a server, not end the demo. If the signal came because the terminal is gone, nobody could end the demo any
// more: then the context ends.
func ignoreHangup(ctx context.Context, stderr io.Writer) (context.Context, func()) {
	ctx, cancel := context.WithCancel(ctx)
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	go func() {
		for {
			select {
			case <-hangups:
				if _, err := fmt.Fprintln(stderr, "The demo ignores SIGHUP: it has no configuration to read again. Ctrl-C ends it."); err != nil {
					cancel()
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, func() {
		signal.Stop(hangups)
		cancel()
	}
}

func kindNames() []string {
	names := make([]string, len(sandbox.Kinds))
	for i, k := range sandbox.Kinds {
		names[i] = string(k)
	}
	return names
}

func join(kinds []connectors.KindName) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}
