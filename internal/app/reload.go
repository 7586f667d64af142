package app

import (
	"context"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"roster/internal/config"
	"roster/internal/telemetry"
)

// Changes say when a configuration is read again.
type Changes struct {
	File *config.File
	// Asked tells that somebody wants all of it read again.
	Asked <-chan os.Signal
	// LookEvery is how often the files of secrets are looked at; 0 means 2 s.
	LookEvery time.Duration
}

// defaultLook makes a new secret count after some seconds, for the price of reading a few small files.
const defaultLook = 2 * time.Second

// LastReload tells how the last attempt to take over a configuration ended.
func (h *Host) LastReload() telemetry.Reload { return *h.last.Load() }

// follow reads the configuration again whenever that is asked for, or a secret has changed, one time after the other, until ctx ends.
func (h *Host) follow(ctx context.Context, changes *Changes) {
	every := changes.LookEvery
	if every <= 0 {
		every = defaultLook
	}
	look := time.NewTicker(every)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes.Asked:
			h.reload(ctx, changes.File, changes.File.Load)
		case <-look.C:
			if changes.File.SecretsChanged() {
				h.opt.Logger.InfoContext(ctx, "a secret's file has changed")
				h.reload(ctx, changes.File, changes.File.LoadSecrets)
			}
		}
	}
}

// reload takes a configuration over, or keeps the one in force and says why.
func (h *Host) reload(ctx context.Context, file *config.File, load func() (*config.Config, error)) {
	was := h.current.Load().config
	cfg, err := load()
	var fixed []string
	if err == nil {
		fixed = keepFixed(cfg, was)
		if err = exposed(cfg); err == nil {
			err = h.replace(ctx, cfg)
		}
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			h.opt.Logger.ErrorContext(ctx, "configuration not taken over, the one in force goes on", slog.String("fault", strings.TrimSpace(line)))
		}
		h.last.Store(&telemetry.Reload{Since: h.last.Load().Since})
		return
	}
	file.InForce()
	h.last.Store(&telemetry.Reload{OK: true, Since: time.Now()})
	for _, name := range fixed {
		h.opt.Logger.WarnContext(ctx, "setting has changed, but needs a restart", slog.String("setting", name))
	}
	h.opt.Logger.LogAttrs(ctx, slog.LevelInfo, "configuration taken over", differences(was, cfg)...)
}

// keepFixed puts back what cannot change while the program runs, and names what would have changed.
func keepFixed(cfg, was *config.Config) []string {
	var fixed []string
	if cfg.Listen != was.Listen {
		fixed = append(fixed, "listen")
	}
	if !reflect.DeepEqual(cfg.TLS, was.TLS) {
		fixed = append(fixed, "tls")
	}
	if !cfg.Redis.Equal(was.Redis) {
		fixed = append(fixed, "redis")
	}
	if cfg.CacheDir != was.CacheDir {
		fixed = append(fixed, "cache_dir")
	}
	if cfg.Writes.Dir != was.Writes.Dir || cfg.Writes.ShowFor != was.Writes.ShowFor {
		fixed = append(fixed, "writes (dir, show_for)")
	}
	if changed := keepConnections(&cfg.Limits, &was.Limits); changed {
		fixed = append(fixed, "limits (of connections, times and fetches)")
	}
	if cfg.DrainDelay != was.DrainDelay {
		fixed = append(fixed, "drain_delay")
	}
	if cfg.CredentialsDir != was.CredentialsDir {
		fixed = append(fixed, "credentials_dir")
	}
	if cfg.Admin != was.Admin {
		fixed = append(fixed, "admin")
	}
	if cfg.Log != was.Log {
		fixed = append(fixed, "log")
	}
	if cfg.Tracing != was.Tracing {
		fixed = append(fixed, "tracing")
	}
	cfg.Listen, cfg.TLS, cfg.Redis = was.Listen, was.TLS, was.Redis
	cfg.CacheDir, cfg.CredentialsDir, cfg.DrainDelay = was.CacheDir, was.CredentialsDir, was.DrainDelay
	cfg.Writes.Dir, cfg.Writes.ShowFor = was.Writes.Dir, was.Writes.ShowFor
	cfg.Admin, cfg.Log, cfg.Tracing = was.Admin, was.Log, was.Tracing
	return fixed
}

// keepConnections puts back those limits that the listener goes by, and says whether any would have changed.
func keepConnections(l, was *config.Limits) bool {
	before := *l
	l.HeaderBytes, l.Connections, l.AddressConnections = was.HeaderBytes, was.Connections, was.AddressConnections
	l.HeaderTime, l.BodyTime, l.AnswerTime, l.IdleTime = was.HeaderTime, was.BodyTime, was.AnswerTime, was.IdleTime
	l.MinRate, l.MinRateGrace = was.MinRate, was.MinRateGrace
	l.FetchBytes = was.FetchBytes
	return *l != before
}

// differences name the sources that have come, gone or changed.
func differences(was, is *config.Config) []slog.Attr {
	var added, changed, removed []string
	for i := range is.Sources {
		s := &is.Sources[i]
		switch n := slices.IndexFunc(was.Sources, func(o config.Source) bool { return o.Name == s.Name }); {
		case n < 0:
			added = append(added, s.Name)
		case !alike(s, &was.Sources[n]) || s.EmailTrust != was.Sources[n].EmailTrust || !reflect.DeepEqual(s.Collections, was.Sources[n].Collections):
			changed = append(changed, s.Name)
		}
	}
	for i := range was.Sources {
		if !slices.ContainsFunc(is.Sources, func(s config.Source) bool { return s.Name == was.Sources[i].Name }) {
			removed = append(removed, was.Sources[i].Name)
		}
	}
	return []slog.Attr{slog.Any("added", added), slog.Any("changed", changed), slog.Any("removed", removed)}
}
