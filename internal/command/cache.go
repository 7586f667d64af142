package command

import (
	"context"
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"roster/internal/app"
	"roster/internal/config"
)

// clearWithin limits the time to clear a cache.
const clearWithin = time.Minute

// cache is the command for the stored snapshots. It has one subcommand: clear.
func (p *program) cache(ctx context.Context) error {
	switch {
	case len(p.args) > 0 && p.args[0] == "clear":
		p.args = p.args[1:]
	case len(p.args) > 0 && strings.HasPrefix(strings.TrimLeft(p.args[0], "-"), "h"):
		return flag.ErrHelp
	default:
		fmt.Fprintln(p.stderr, "roster cache: say what is to be done with it: roster cache clear")
		return ErrUsage
	}
	path := p.String("config", "roster.yaml", "configuration file")
	source := p.String("source", "", "clear what is of this source alone")
	if err := p.parse(); err != nil {
		return err
	}
	empty := false
	p.Visit(func(f *flag.Flag) { empty = empty || f.Name == "source" && *source == "" })
	if empty { // an unset shell variable must not clear everything
		fmt.Fprintln(p.stderr, "roster cache: --source needs a name")
		return ErrUsage
	}
	cfg, err := load(config.Open(*path, os.LookupEnv))
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	removed, unit, err := app.ClearCache(ctx, cfg, *source)
	if err != nil {
		return err
	}
	if *source != "" && !slices.ContainsFunc(cfg.Sources, func(s config.Source) bool { return s.Name == *source }) {
		fmt.Fprintf(p.stderr, "roster cache: the configuration has no source %q: if it never had, look at the spelling\n", *source)
	}
	fmt.Fprintf(p.stdout, "Removed: %d %s. What runs keeps what it has in memory, and may store it again.\n", removed, unit)
	return nil
}
