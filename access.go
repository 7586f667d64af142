package main

import (
	"fmt"
	"log/slog"

	"roster/internal/access"
	"roster/internal/config"
	"roster/internal/httpapi"
)

// doorway is how callers are let in and written down.
type doorway struct {
	authenticator httpapi.Authenticator // nil where nobody is asked
	log           *access.Log
	localOnly     bool
	close         func()
}

func openAccess(cfg *config.Config, log *slog.Logger) (*doorway, error) {
	kept, err := access.OpenLog(cfg.Access.Log, log)
	if err != nil {
		return nil, err
	}
	d := &doorway{log: kept, close: func() { kept.Close() }} //nolint:errcheck // every line is written when it is made
	// Who asks without credentials may be a page of another site, in a browser of this machine, under a name that its owner has given our address.
	d.localOnly = config.Loopback(cfg.Listen) && (!cfg.Access.Asks() || len(cfg.Access.Anonymous) > 0)
	if !cfg.Access.Asks() {
		if !config.Loopback(cfg.Listen) {
			log.Warn("nobody is asked who they are: whoever can reach this server can read everything")
		}
		return d, nil
	}
	a := access.New(access.Options{Keys: cfg.Access.Keys, OIDC: cfg.Access.OIDC, Anonymous: cfg.Access.Anonymous, Logger: log})
	d.authenticator = a
	d.close = func() {
		a.Close()
		kept.Close() //nolint:errcheck // as above
	}
	return d, nil
}

// key makes an API key. It is shown this once; what is configured is its hash.
func (p *program) key() error {
	if len(p.args) > 0 && len(p.args[0]) > 0 && p.args[0][0] != '-' {
		p.args = append(p.args[1:], "--name="+p.args[0])
	}
	name := p.String("name", "NAME", "whose it is")
	if err := p.parse(); err != nil {
		return err
	}
	key, hash := access.NewKey()
	fmt.Fprintf(p.stdout, `%s

Give it to the caller, who sends it as Authorization: Bearer …; it is shown only now. In the configuration:

access:
  keys:
    - { name: %s, hash: "%s", scopes: ["%s"] }
`, key, *name, hash, access.ScopeRead)
	return nil
}
