package app

import (
	"log/slog"
	"net/netip"
	"slices"

	"roster/internal/config"
	"roster/internal/filestore"
)

// warn logs the settings that are allowed but dangerous. The directories must be open already, because opening creates those that are absent.
func warn(cfg *config.Config, log *slog.Logger) {
	if !cfg.Access.Authenticates() && !config.Loopback(cfg.Listen) {
		log.Warn("no authentication is configured: everybody who can reach this server may do everything")
	}
	if cfg.Admin.Pprof && !config.Loopback(cfg.Admin.Listen) {
		log.Warn("admin.pprof serves profiles to other hosts: a profile shows what is in memory, and takes processor time",
			slog.String("listen", cfg.Admin.Listen))
	}
	if slices.ContainsFunc(cfg.TrustedProxies, func(network netip.Prefix) bool { return network.Bits() == 0 }) {
		log.Warn("trusted_proxies holds every address: each client can choose the address for which it counts")
	}
	if cfg.Cache.Public && cfg.Access.Log != "" {
		log.Warn("cache.public lets proxies answer by themselves: access.log does not have these answers")
	}
	var exposed []string
	for _, f := range cfg.SecretFiles {
		if filestore.AllowsOthers(f.Path, 0o004) {
			exposed = append(exposed, f.Setting)
		}
	}
	if len(exposed) > 0 {
		log.Warn("the modes of files with secrets let every user read them: allow their owner only (chmod 600)", slog.Any("settings", exposed))
	}
	for _, d := range []struct{ setting, path string }{
		{"cache_dir", cfg.CacheDir}, {"writes.dir", cfg.Writes.Dir}, {"identity.dir", cfg.Identity.Dir}, {"credentials_dir", cfg.CredentialsDir},
	} {
		if d.path != "" && filestore.AllowsOthers(d.path, 0o044) {
			log.Warn("users other than the owner may read a directory: allow its owner only (chmod 700)", slog.String("setting", d.setting))
		}
	}
}
