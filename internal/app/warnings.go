package app

import (
	"log/slog"

	"roster/internal/config"
	"roster/internal/filestore"
)

// warn logs the settings that are allowed but dangerous. The directories must be open already, because opening creates those that are absent.
func warn(cfg *config.Config, log *slog.Logger) {
	if !cfg.Access.Asks() && !config.Loopback(cfg.Listen) {
		log.Warn("nobody is asked who they are: whoever can reach this server may do everything")
	}
	if cfg.Admin.Pprof && !config.Loopback(cfg.Admin.Listen) {
		log.Warn("admin.pprof serves profiles beyond this host: they tell what memory holds, and making one costs processor time",
			slog.String("listen", cfg.Admin.Listen))
	}
	for _, d := range []struct{ setting, path string }{
		{"cache_dir", cfg.CacheDir}, {"writes.dir", cfg.Writes.Dir}, {"credentials_dir", cfg.CredentialsDir},
	} {
		if d.path != "" && filestore.AllowsOthers(d.path, 0o044) {
			log.Warn("others than the owner may read a directory: allow its owner only (chmod 700)", slog.String("setting", d.setting))
		}
	}
}
