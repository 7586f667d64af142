package command

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"os/signal"
	"syscall"

	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/telemetry"
	"roster/web"
)

func (p *program) serve(ctx context.Context) error {
	path := p.String("config", "roster.yaml", "configuration file")
	listen := p.String("listen", "", "address to serve on, instead of the file's")
	everyone := p.Bool("insecure-serve-everyone", false, "listen beyond loopback without authentication")
	if err := p.parse(); err != nil {
		return err
	}
	// From here on SIGHUP reloads the configuration; before, it would end the program.
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
	return app.Serve(ctx, cfg, app.Serving{
		Changes: &app.Changes{File: file, Asked: asked}, Pages: web.Handler(), Logger: telemetry.NewLogger(p.stderr, cfg.Log.Format, level),
		Listening: func(address string) { fmt.Fprintf(p.stdout, "Roster listens on %s\n", address) },
		Ready:     func(string) { fmt.Fprintln(p.stdout, "Every collection has been read, or tried.") },
	})
}
