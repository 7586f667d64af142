package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/config"
)

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
	cfg, err := load(*path, "")
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, clearWithin)
	defer cancel()
	removed, unit, err := clearCache(ctx, cfg, *source)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "Removed: %d %s. What runs keeps what it has in memory, and may store it again.\n", removed, unit)
	return nil
}

// clearCache removes the snapshots of a source, or of all where source is empty, from where the configuration keeps them, and counts what it removes.
func clearCache(ctx context.Context, cfg *config.Config, source string) (removed int, unit string, err error) {
	switch {
	case cfg.Redis != nil:
		r, err := openRedis(cfg.Redis, slog.New(slog.DiscardHandler))
		if err != nil {
			return 0, "", err
		}
		defer r.Close() //nolint:errcheck // nothing comes after it
		if removed, err = r.Clear(ctx, source); err != nil {
			return 0, "", fmt.Errorf("redis: not all is cleared: %w", err)
		}
		return removed, "keys in Redis", nil
	case cfg.CacheDir != "":
		if removed, err = clearDir(cfg.CacheDir, source); err != nil {
			return 0, "", fmt.Errorf("cache_dir: not all is cleared: %w", err)
		}
		return removed, "files in cache_dir", nil
	}
	return 0, "", errors.New("there is nothing to clear: the configuration has neither redis nor cache_dir, so that all is in memory only")
}

// keptFile is the name of a file of snapshots, of any encoding: source, collection, the rest.
var keptFile = func() *regexp.Regexp {
	var names []string
	for _, c := range connectors.AllCollections {
		names = append(names, regexp.QuoteMeta(c.String()))
	}
	return regexp.MustCompile(`^(.+)-(?:` + strings.Join(names, "|") + `)-[0-9a-f]+\.v[0-9]+\.(?:manifest|.+\.parts)$`)
}()

// clearDir removes the files of a source, or of all, and leaves whatever else there is.
func clearDir(dir, source string) (removed int, err error) {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	var faults []error
	for _, e := range entries {
		name := keptFile.FindStringSubmatch(e.Name())
		if name == nil || !e.Type().IsRegular() || source != "" && name[1] != source {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
			faults = append(faults, err)
			continue
		}
		removed++
	}
	return removed, errors.Join(append(faults, err)...)
}
