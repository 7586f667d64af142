package command

import (
	"context"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"roster/internal/app"
	"roster/internal/check"
	"roster/internal/config"
	"roster/internal/progress"
)

// checkWithin limits the time of a check unless the flag says otherwise.
const checkWithin = 5 * time.Minute

func (p *program) check() *cobra.Command {
	cmd := &cobra.Command{
		Use: "check", Short: "Ask each source what its credential can see", Args: none,
		Long: `Check the configuration, and fetch every collection of each source once, within the limits of the source. Nothing is changed. The status is 0 if
everything can be read, 1 if not. What only the limit of a source or the time-out has cut short is marked with … and is no fault.`,
		Example: `  roster check
  roster check --timeout 20m --json`,
	}
	path := configFlag(cmd)
	timeout := cmd.Flags().Duration("timeout", checkWithin, "how long to go on")
	asJSON := cmd.Flags().Bool("json", false, "print the result as JSON")
	cmd.RunE = func(*cobra.Command, []string) error {
		if *timeout <= 0 {
			return &usageError{cmd, "--timeout: must be more than 0s"}
		}
		cfg, err := load(cmd, config.Open(*path, os.LookupEnv))
		if err != nil {
			return err
		}
		shown := progress.New(p.stderr, nil)
		defer shown.Stop()
		watch := &check.Watch{Progress: shown}
		for i := range cfg.Sources {
			watch.Names = append(watch.Names, cfg.Sources[i].Name)
		}
		shown.Start(watch.Sources)
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		reports, err := app.Check(ctx, cfg, watch)
		shown.Stop()
		if err != nil {
			return err
		}
		interrupted := cmd.Context().Err() != nil
		if *asJSON {
			err = check.PrintJSON(p.stdout, reports, interrupted)
		} else {
			err = check.Print(p.stdout, reports)
		}
		if err != nil {
			return err
		}
		return verdict(reports, interrupted)
	}
	return cmd
}

// verdict returns the error of a check in which something cannot be read.
func verdict(reports []check.Report, interrupted bool) error {
	if interrupted {
		return fmt.Errorf("%w: … marks what was not read to its end", ErrInterrupted)
	}
	failing := check.Failing(reports)
	var silent []string
	for i := range reports {
		if r := &reports[i]; r.Cut != nil {
			silent = append(silent, r.Source.Name)
			failing = slices.DeleteFunc(failing, func(name string) bool { return name == r.Source.Name })
		}
	}
	var faults []string
	if len(failing) > 0 {
		faults = append(faults, "the check failed for "+strings.Join(failing, ", ")+": the report says why")
	}
	if len(silent) > 0 {
		faults = append(faults, "no answer before the time-out from "+strings.Join(silent, ", ")+": use a longer --timeout")
	}
	if len(faults) == 0 {
		return nil
	}
	return fmt.Errorf("%s", strings.Join(faults, "; "))
}
