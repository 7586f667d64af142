package config

import (
	"fmt"
	"net"
	"net/netip"
	"regexp"
	"slices"
	"strings"

	"roster/internal/access"
)

// Access is the authentication of callers, and the access log.
type Access struct {
	Keys []access.Key
	// OIDC is nil if tokens are not accepted.
	OIDC *access.OIDC
	// Anonymous are the scopes of callers without credentials; empty if they are rejected.
	Anonymous access.Scopes
	// Hosts are the names of the server, in lower case; nil if the file has none.
	Hosts []string
	// Everyone is true if the operator allows to serve without authentication on any address.
	Everyone bool
	// Log is the path of the access log, access.LogToStderr, or empty for no log.
	Log string
	// LogRefuses is true if an answer that cannot be logged is refused.
	LogRefuses bool
}

// Authenticates reports whether callers are authenticated.
func (a *Access) Authenticates() bool { return len(a.Keys) > 0 || a.OIDC != nil }

var (
	keyNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	claimForm   = regexp.MustCompile(`^[!-~]{1,200}$`)
	hostForm    = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

// KeyNameForm describes the form of the name of a key.
const KeyNameForm = "must have only letters, digits, dots, hyphens and underscores, at most 63 characters, and begin with a letter or a digit"

// IsKeyName reports whether the text can be the name of a key.
func IsKeyName(text string) bool { return keyNameForm.MatchString(text) }

// Values of access.log and access.log_failure.
const (
	logOff    = "off"
	logRefuse = "refuse"
)

func (d *decoder) access(f *accessFile, all *Limits) Access {
	a := Access{Keys: d.keys(f.Keys, all), OIDC: d.oidc(f.OIDC, all), Log: f.Log, LogRefuses: f.LogFailure == logRefuse}
	switch f.Log {
	case logOff:
		a.Log = ""
	case access.LogToStderr:
	default:
		a.Log = below(d.dir, f.Log)
	}
	if a.Log == "" && a.LogRefuses {
		d.fault("access.log_failure", "refuse needs an access.log to be written")
	}
	if f.Anonymous != nil {
		a.Anonymous = f.Anonymous.Scopes
		d.some(f.Anonymous.Scopes, "access.anonymous.scopes")
		if !a.Authenticates() && !d.faulty("access") {
			d.fault("access.anonymous", "has an effect only beside keys or oidc: set one of them too; --insecure-serve-everyone serves without authentication")
		}
	}
	for i, host := range f.Hosts {
		path, name := fmt.Sprintf("access.hosts[%d]", i), strings.ToLower(host)
		_, err := netip.ParseAddr(name)
		if !d.faulty(path) && err != nil && !hostForm.MatchString(name) {
			d.fault(path, "must be a name or an address without a port, such as roster.example.com")
		}
		a.Hosts = append(a.Hosts, name)
	}
	return a
}

func (d *decoder) keys(files []keyFile, all *Limits) []access.Key {
	var keys []access.Key
	for i, f := range files {
		path := fmt.Sprintf("access.keys[%d]", i)
		if f.Name == "" && f.Hash == "" && d.faulty(path) { // not a mapping: one fault is enough
			continue
		}
		if !d.faulty(path+".name") && !IsKeyName(f.Name) {
			d.fault(path+".name", KeyNameForm)
		}
		if !d.faulty(path+".name") && slices.ContainsFunc(keys, func(k access.Key) bool { return k.Name == f.Name }) {
			d.fault(path+".name", "another key has this name")
		}
		k := access.Key{Name: f.Name, Scopes: withSchema(f.Scopes, f.Router), Router: f.Router, Limits: d.callerLimits(f.Limits, path+".limits", all)}
		if !d.faulty(path + ".hash") {
			var err error
			if k.Hash, err = access.ParseHash(f.Hash); err != nil {
				d.fault(path+".hash", "%s", err)
			} else if slices.ContainsFunc(keys, func(o access.Key) bool { return o.Hash == k.Hash }) {
				d.fault(path+".hash", "another key has this hash")
			}
		}
		d.some(f.Scopes, path+".scopes")
		keys = append(keys, k)
	}
	return keys
}

// some checks that a list of scopes is not empty.
func (d *decoder) some(scopes []string, path string) {
	if len(scopes) == 0 && !d.faulty(path) {
		d.fault(path, "has no scope: without directory:read no field can be queried")
	}
}

func (d *decoder) oidc(f *oidcFile, all *Limits) *access.OIDC {
	if f == nil {
		return nil
	}
	const path = "access.oidc"
	o := &access.OIDC{
		Issuer: f.Issuer, Audience: f.Audience, JWKSURL: f.JWKSURL, Algorithms: f.Algorithms, ScopeClaim: f.ScopeClaim, EmailClaim: f.EmailClaim, TokenUse: f.TokenUse,
		ClockSkew: f.ClockSkew, Router: f.Router, Limits: d.callerLimits(f.Limits, path+".limits", all),
	}
	if len(o.Algorithms) == 0 {
		o.Algorithms = []string{"RS256", "ES256"}
	}
	if !d.faulty(path+".issuer") && !access.Confidential(f.Issuer) {
		d.fault(path+".issuer", "must be a URL with https://, exactly as the issuer writes it in its tokens")
	}
	if f.JWKSURL != "" && !d.faulty(path+".jwks_url") && !access.Confidential(f.JWKSURL) {
		d.fault(path+".jwks_url", "must be a full URL with https://")
	}
	if f.ScopeClaim != "" && !claimForm.MatchString(f.ScopeClaim) {
		d.fault(path+".scope_claim", "must be the name of a claim")
	}
	if !d.faulty(path+".email_claim") && !claimForm.MatchString(f.EmailClaim) {
		d.fault(path+".email_claim", "must be the name of a claim")
	}
	for i, g := range f.Grants {
		sub := fmt.Sprintf("%s.grants[%d]", path, i)
		if !d.faulty(sub+".claim") && !claimForm.MatchString(g.Claim) {
			d.fault(sub+".claim", "must be the name of a claim, such as groups")
		}
		d.some(g.Scopes, sub+".scopes")
		o.Grants = append(o.Grants, access.Grant{Claim: g.Claim, Value: g.Value, Scopes: g.Scopes})
	}
	return o
}

// beyondLoopback is the fault of an address beyond loopback without authentication.
const beyondLoopback = "must be a loopback address (127.0.0.1, ::1 or localhost): without authentication, everybody who can reach the server " +
	"can read everything. Set access.keys or access.oidc"

// howToServeEveryone names the option that allows it.
const howToServeEveryone = ", or start with --insecure-serve-everyone"

// Loopback reports whether only this machine can reach the address.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopback(host)
}
