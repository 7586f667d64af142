package app

import (
	"errors"
	"strings"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/config"
	"roster/internal/httpapi"
)

// accessControl authenticates callers and writes the access log.
type accessControl struct {
	authenticator *access.Authenticator // nil without authentication
	log           *access.Log
}

// openAccess opens the configured access control. If the authenticator before it has fetched the issuer's keys, the new one keeps them.
func openAccess(cfg *config.Access, opt *Options, before *instance) (*accessControl, error) {
	logged := access.LogOptions{Path: cfg.Log, Refuse: cfg.LogRefuses, Program: opt.Logger, Lines: opt.AccessLines}
	if before != nil {
		logged.Before = before.access.log
	}
	kept, err := access.OpenLog(logged)
	if err != nil {
		return nil, err
	}
	d := &accessControl{log: kept}
	if cfg.Authenticates() {
		callers := access.Options{Keys: cfg.Keys, OIDC: cfg.OIDC, Anonymous: cfg.Anonymous, Logger: opt.Logger}
		if before != nil {
			callers.Before = before.access.authenticator
		}
		d.authenticator = access.New(callers)
	}
	return d, nil
}

func (d *accessControl) close() {
	if d.authenticator != nil {
		d.authenticator.Close()
	}
	d.log.Close() //nolint:errcheck // every line was written when it was made
}

// ownLimits returns a function that reports how many requests a caller with limits of its own may send: a caller with a key has the limit of the key's
// name, and all callers with a token have the same limit.
func ownLimits(cfg *config.Access) func(admission.Caller) int {
	named := make(map[admission.Caller]int)
	for i := range cfg.Keys {
		if l := cfg.Keys[i].Limits; l != nil {
			named[httpapi.Named(access.ByKey, cfg.Keys[i].Name)] = l.Requests
		}
	}
	tokens := 0
	if cfg.OIDC != nil && cfg.OIDC.Limits != nil {
		tokens = cfg.OIDC.Limits.Requests
	}
	anybody := httpapi.Named(access.ByToken, "").Name
	return func(c admission.Caller) int {
		if strings.HasPrefix(c.Name, anybody) {
			return tokens
		}
		return named[c]
	}
}

// localOnly reports whether only requests whose Host names this machine may be answered. A request without credentials may come from a page of another
// site, in a browser on this machine, under a name that the site's owner has pointed to our address.
func localOnly(cfg *config.Config) bool {
	return config.Loopback(cfg.Listen) && (!cfg.Access.Authenticates() || len(cfg.Access.Anonymous) > 0)
}

var errExposed = errors.New("access: without keys and oidc nobody would be asked any more, where others can reach the server: restart to listen on loopback")

// refuseExposed refuses a configuration that has no authentication if the existing listener is not on loopback, unless the operator allows everyone
// explicitly.
func refuseExposed(cfg *config.Config) error {
	if config.Loopback(cfg.Listen) || cfg.Access.Authenticates() || cfg.Access.Everyone {
		return nil
	}
	return errExposed
}
