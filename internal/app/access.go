package app

import (
	"errors"
	"strings"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/config"
	"roster/internal/httpapi"
)

// doorway is how callers are let in, and written down.
type doorway struct {
	who *access.Authenticator // nil where nobody is asked
	log *access.Log
}

// openDoor makes what the configuration says of access. What an authenticator before it knows of the issuer's keys stays known.
func openDoor(cfg *config.Access, opt *Options, before *instance) (*doorway, error) {
	logged := access.LogOptions{Path: cfg.Log, Refuse: cfg.LogRefuses, Program: opt.Logger, Lines: opt.AccessLines}
	if before != nil {
		logged.Before = before.door.log
	}
	kept, err := access.OpenLog(logged)
	if err != nil {
		return nil, err
	}
	d := &doorway{log: kept}
	if cfg.Asks() {
		callers := access.Options{Keys: cfg.Keys, OIDC: cfg.OIDC, Anonymous: cfg.Anonymous, Logger: opt.Logger}
		if before != nil {
			callers.Before = before.door.who
		}
		d.who = access.New(callers)
	}
	return d, nil
}

func (d *doorway) close() {
	if d.who != nil {
		d.who.Close()
	}
	d.log.Close() //nolint:errcheck // every line has been written when it was made
}

// own gives how many requests callers may send who have limits of their own: those with a key by its name, and all with a token alike.
func own(cfg *config.Access) func(admission.Caller) int {
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

// localOnly says whether only requests that name this machine may be answered: who asks it without credentials may be a page of another site, in a
// browser here, under a name to which its owner has given our address.
func localOnly(cfg *config.Config) bool {
	return config.Loopback(cfg.Listen) && (!cfg.Access.Asks() || len(cfg.Access.Anonymous) > 0)
}

var errExposed = errors.New("access: without keys and oidc nobody would be asked any more, where others can reach the server: restart to listen on loopback")

// exposed refuses a configuration with which the listener that there is would let everyone in, although nobody has ordered that.
func exposed(cfg *config.Config) error {
	if config.Loopback(cfg.Listen) || cfg.Access.Asks() || cfg.Access.Everyone {
		return nil
	}
	return errExposed
}
