package command

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"

	"roster/connectors"
	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/sandbox"
	"roster/internal/telemetry"
	"roster/web"
)

func (p *program) demo(ctx context.Context) error {
	listen := p.String("listen", "127.0.0.1:8080", "address to serve on")
	people := p.Int("people", sandbox.DefaultPeople, "size of the company")
	seed := p.Uint64("seed", 1, "which company")
	limits := p.Bool("limits", false, "keep the vendors' limits")
	systems := p.String("systems", "127.0.0.1:0", "address of the imitated systems")
	written := p.String("write-config", "", "file to write a configuration to with which others read them")
	var without []connectors.KindName
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
	if a, ok := l.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		return errors.Join(errors.New("--systems: must be an address of loopback, such as 127.0.0.1:8090"), l.Close())
	}
	fakes, err := sandbox.Start(ctx, sandbox.Options{People: *people, Seed: *seed, Limits: *limits, Without: without, Listener: l})
	if err != nil {
		return errors.Join(err, l.Close())
	}
	defer fakes.Close() //nolint:errcheck // the data is not needed afterwards
	if *written != "" {
		if err := fakes.WriteConfig(*written, demoServe); err != nil {
			return fmt.Errorf("--write-config: %w", err)
		}
	}
	cfg, err := config.Default(*listen, fakes.Sources())
	if err != nil {
		return err
	}
	cfg.DrainDelay = 0       // there is no load balancer
	cfg.Introspection = true // the data is not secret, and the playground needs it for its documentation
	return app.Serve(ctx, cfg, app.Serving{
		Pages: web.Handler(), Logger: telemetry.NewLogger(p.stderr, telemetry.FormatText, slog.LevelWarn),
		Listening: func(string) {},
		Ready: func(address string) {
			fmt.Fprint(p.stdout, welcome(address, *people, *limits, without))
			if *written != "" {
				fmt.Fprintf(p.stdout, "\nWritten: %[1]s. As long as this runs, roster check --config %[1]s and roster serve --config %[1]s read the same systems.\n", *written)
			}
		},
	})
}

// appendKinds appends the kinds in a comma-separated list.
func appendKinds(kinds []connectors.KindName, names string) ([]connectors.KindName, error) {
	for name := range strings.SplitSeq(names, ",") {
		kind := connectors.KindName(strings.TrimSpace(name))
		if !slices.Contains(sandbox.Kinds[:], kind) {
			return nil, fmt.Errorf("there is no system %q: it can be %s", kind, join(sandbox.Kinds[:]))
		}
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	return kinds, nil
}

// titles names the imitated systems as people do.
func titles() string {
	var names []string
	for _, k := range sandbox.Kinds {
		names = append(names, connectors.KindNamed(k).Title)
	}
	last := len(names) - 1
	return strings.Join(names[:last], ", ") + " and " + names[last]
}

func join(kinds []connectors.KindName) string {
	names := make([]string, len(kinds))
	for i, k := range kinds {
		names[i] = string(k)
	}
	return strings.Join(names, ", ")
}

// demoServe is the address where `serve` listens with the configuration that the demo writes; it differs from the demo's own.
const demoServe = "127.0.0.1:8081"

// welcome is what the demo prints when it is ready.
func welcome(address string, people int, limits bool, without []connectors.KindName) string {
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

Simulated: an invented company of %[2]d people in %[5]s. Their APIs are imitated over HTTP on this
machine, paging and errors included; the vendors' rate limits are %[3]s. Nothing leaves this machine. Ctrl-C ends it.
%[4]s`, address, people, s, down, titles())
}
