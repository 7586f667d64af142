package command

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"roster/internal/app"
	"roster/internal/check"
	"roster/internal/config"
)

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
	reports, err := app.Check(ctx, cfg, p.stderr)
	if err != nil {
		return err
	}
	if err := check.Print(p.stdout, reports); err != nil {
		return err
	}
	if bad := check.Failing(reports); len(bad) > 0 {
		return fmt.Errorf("not all is well with %s", strings.Join(bad, ", "))
	}
	return nil
}
