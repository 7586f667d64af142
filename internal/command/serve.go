package command

import (
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/spf13/cobra"

	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/pidfile"
	"roster/internal/progress"
	"roster/internal/telemetry"
	"roster/web"
)

func (p *program) serve() *cobra.Command {
	cmd := &cobra.Command{
		Use: "serve", Short: "Serve the sources that the configuration names", Args: none,
		Long: `Serve the graph over the sources that the configuration names. SIGHUP, or "roster reload", reads the configuration again. Ctrl-C and SIGTERM end the
server after it has finished the requests under way; a second one ends it at once.`,
		Example: `  roster serve
  roster serve --config /etc/roster/roster.yaml --pid-file /run/roster/roster.pid`,
	}
	path := configFlag(cmd)
	listen := cmd.Flags().String("listen", "", "the `address` to serve on, such as 127.0.0.1:8080, instead of listen in the configuration")
	everyone := cmd.Flags().Bool("insecure-serve-everyone", false, "allow an address beyond loopback without authentication: everybody who reaches it can read everything")
	pid := cmd.Flags().String("pid-file", "", "write the process ID to this `file`, for roster reload; it is removed at the end")
	cmd.RunE = func(*cobra.Command, []string) error {
		// From here on SIGHUP reloads the configuration; before, it would end the program.
		asked := make(chan os.Signal, 1)
		signal.Notify(asked, syscall.SIGHUP)
		defer signal.Stop(asked)
		file := config.Open(*path, os.LookupEnv, config.Listen(*listen), config.ServeEveryone(*everyone))
		cfg, err := load(cmd, file)
		if err != nil {
			return err
		}
		file.InForce()
		var level slog.Level
		if err := level.UnmarshalText([]byte(cfg.Log.Level)); err != nil {
			return err
		}
		if *pid != "" {
			remove, err := pidfile.Write(*pid)
			if err != nil {
				return fmt.Errorf("--pid-file: %w", cannotWrite(*pid, err))
			}
			defer remove() //nolint:errcheck // a file that stays is known to be old, because nobody has locked it
		}
		l, err := app.Listen(cmd.Context(), listenSetting(*listen), cfg.Listen, "--listen or the setting listen")
		if err != nil {
			return err
		}
		var log *slog.Logger
		shown := progress.New(p.stderr, func(s progress.Source) {
			log.LogAttrs(cmd.Context(), slog.LevelInfo, "first fetch of a source is in progress", slog.String("source", s.Name), slog.String("fetching", s.Doing),
				slog.Int("records", s.Count), slog.Int("expected", s.Expected))
		})
		defer shown.Stop()
		log = telemetry.NewLogger(shown, cfg.Log.Format, level)
		return app.Serve(cmd.Context(), cfg, app.Serving{
			Changes: &app.Changes{File: file, Asked: asked}, Pages: web.Handler, Logger: log, Listener: l,
			Listening: func(address string, state app.FetchState) {
				fmt.Fprintf(p.stdout, "Roster listens on %s\n", address)
				shown.Start(showing(state))
			},
			Ready: func(_ string, state app.FetchState) {
				shown.Stop()
				fmt.Fprintln(p.stdout, fetchOver(state()))
			},
		})
	}
	return cmd
}

// cannotWrite returns the error of a file that a flag names, and that cannot be written.
func cannotWrite(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return fmt.Errorf("the folder %q does not exist: create it, or name a file in another folder", filepath.Dir(path))
	case errors.Is(err, fs.ErrPermission):
		return fmt.Errorf("this user may not write %s: name another file", path)
	case errors.Is(err, syscall.EISDIR):
		return fmt.Errorf("%s is a folder: name a file in it", path)
	}
	return err
}

// listenSetting names what the address is from: the flag if it is given, and otherwise the configuration.
func listenSetting(flag string) string {
	if flag != "" {
		return "--listen"
	}
	return "listen"
}
