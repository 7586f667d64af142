package command

import (
	"context"
	"fmt"
	"os"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/nearest"
)

// clearWithin limits the time to clear a cache.
const clearWithin = time.Minute

// cache is the command for the stored snapshots. It has one subcommand: clear.
func (p *program) cache() *cobra.Command {
	cmd := &cobra.Command{Use: "cache", Short: "Remove fetched data that is stored outside of the memory"}
	group(cmd, "name a command: roster cache clear")
	cmd.AddCommand(p.clear())
	return cmd
}

func (p *program) clear() *cobra.Command {
	cmd := &cobra.Command{
		Use: "clear", Short: "Remove the fetched data in Redis or in cache_dir", Args: none,
		Long: `Remove the fetched data that is stored in Redis or in cache_dir. Servers that run keep what they have in memory, and may store it again.`,
	}
	path := configFlag(cmd)
	source := cmd.Flags().String("source", "", "remove only the data of the source with this `name`")
	cmd.RunE = func(*cobra.Command, []string) error {
		cfg, err := load(cmd, config.Open(*path, os.LookupEnv))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), clearWithin)
		defer cancel()
		removed, unit, err := app.ClearCache(ctx, cfg, *source)
		if err != nil {
			return err
		}
		var known []string
		for i := range cfg.Sources {
			known = append(known, cfg.Sources[i].Name)
		}
		if *source != "" && !slices.Contains(known, *source) { // it may have been in the configuration until now
			fmt.Fprintf(p.stderr, "roster cache clear: the configuration has no source %q%s\n", *source, nearest.Hint(*source, known))
		}
		_, err = fmt.Fprintf(p.stdout, "Removed: %d %s. Servers that run keep what they have in memory, and may store it again.\n", removed, unit)
		return err
	}
	return cmd
}
