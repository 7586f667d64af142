package app

import (
	"cmp"
	"context"
	"log/slog"
	"os"
	"reflect"
	"slices"
	"strings"
	"time"

	"roster/internal/config"
	"roster/internal/systemd"
	"roster/internal/telemetry"
)

// Changes define when the configuration is read again.
type Changes struct {
	File *config.File
	// Asked receives a value when the whole configuration is to be read again.
	Asked <-chan os.Signal
	// LookEvery is how often the files of secrets are checked for changes; 0 means 2 s.
	LookEvery time.Duration
}

// defaultPollInterval has a new secret take effect after some seconds, at the cost of reading a few small files.
const defaultPollInterval = 2 * time.Second

// LastReload returns the result of the last attempt to apply a configuration.
func (h *Host) LastReload() telemetry.Reload { return *h.last.Load() }

// follow reads the configuration again when it is asked to, or when a secret has changed, one reload at a time, until ctx ends.
func (h *Host) follow(ctx context.Context, changes *Changes) {
	poll := time.NewTicker(cmp.Or(changes.LookEvery, defaultPollInterval))
	defer poll.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-changes.Asked:
			if h.ready.Load() { // otherwise it is still starting
				systemd.Reloading()
			}
			h.reload(ctx, changes.File, changes.File.Load)
			if h.ready.Load() {
				systemd.Ready()
			}
		case <-poll.C:
			if changes.File.SecretsChanged() {
				h.opt.Logger.InfoContext(ctx, "a secret's file has changed")
				h.reload(ctx, changes.File, changes.File.LoadSecrets)
			}
		}
	}
}

// reload applies a configuration. If that fails, it keeps the current one and logs why.
func (h *Host) reload(ctx context.Context, file *config.File, load func() (*config.Config, error)) {
	was := h.current.Load().config
	cfg, err := load()
	var fixed []string
	if err == nil {
		fixed = keepFixed(cfg, was)
		if err = refuseExposed(cfg); err == nil {
			err = h.replace(ctx, cfg)
		}
	}
	if err != nil {
		for line := range strings.Lines(err.Error()) {
			h.opt.Logger.ErrorContext(ctx, "configuration not applied: the current one stays in force", slog.String("fault", strings.TrimSpace(line)))
		}
		h.last.Store(&telemetry.Reload{Since: h.last.Load().Since})
		return
	}
	file.InForce()
	h.last.Store(&telemetry.Reload{OK: true, Since: time.Now()})
	for _, name := range fixed {
		h.opt.Logger.WarnContext(ctx, "setting has changed, but needs a restart", slog.String("setting", name))
	}
	h.opt.Logger.LogAttrs(ctx, slog.LevelInfo, "configuration applied", differences(was, cfg)...)
}

// keepFixed restores the settings that cannot change while the program runs, and returns the names of those that differ.
func keepFixed(cfg, was *config.Config) []string {
	var fixed []string
	if cfg.Listen != was.Listen {
		fixed = append(fixed, "listen")
	}
	if !reflect.DeepEqual(cfg.TLS, was.TLS) {
		fixed = append(fixed, "tls")
	}
	if !slices.Equal(cfg.TrustedProxies, was.TrustedProxies) {
		fixed = append(fixed, "trusted_proxies")
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
	if cfg.Identity.Dir != was.Identity.Dir {
		fixed = append(fixed, "identity.dir")
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
	cfg.Listen, cfg.TLS, cfg.Redis, cfg.TrustedProxies = was.Listen, was.TLS, was.Redis, was.TrustedProxies
	cfg.CacheDir, cfg.CredentialsDir, cfg.DrainDelay = was.CacheDir, was.CredentialsDir, was.DrainDelay
	cfg.Writes.Dir, cfg.Writes.ShowFor, cfg.Identity.Dir = was.Writes.Dir, was.Writes.ShowFor, was.Identity.Dir
	cfg.Admin, cfg.Log, cfg.Tracing = was.Admin, was.Log, was.Tracing
	return fixed
}

// keepConnections restores the limits that the listener uses, and reports whether any of them differs.
func keepConnections(l, was *config.Limits) bool {
	before := *l
	l.HeaderBytes, l.Connections, l.AddressConnections = was.HeaderBytes, was.Connections, was.AddressConnections
	l.HeaderTime, l.BodyTime, l.AnswerTime, l.IdleTime = was.HeaderTime, was.BodyTime, was.AnswerTime, was.IdleTime
	l.MinRate, l.MinRateGrace = was.MinRate, was.MinRateGrace
	l.FetchBytes = was.FetchBytes
	return *l != before
}

// differences returns the names of the sources that were added, removed or changed.
func differences(was, is *config.Config) []slog.Attr {
	var added, changed, removed []string
	for i := range is.Sources {
		s := &is.Sources[i]
		switch n := slices.IndexFunc(was.Sources, func(o config.Source) bool { return o.Name == s.Name }); {
		case n < 0:
			added = append(added, s.Name)
		case !sameConnector(s, &was.Sources[n]) || s.EmailTrust != was.Sources[n].EmailTrust || !reflect.DeepEqual(s.Collections, was.Sources[n].Collections) ||
			!reflect.DeepEqual(s.Hooks, was.Sources[n].Hooks):
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
