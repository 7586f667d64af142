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

// Access says who may ask, and what is written down of it.
type Access struct {
	Keys []access.Key
	// OIDC is nil if no tokens are taken.
	OIDC *access.OIDC
	// Anonymous is what callers without credentials may do; empty if none are let in.
	Anonymous access.Scopes
	// Hosts are the names, in lower case, by which the server may be asked for; nil if the file says nothing of it.
	Hosts []string
	// Everyone is true if the operator has ordered to serve everyone, wherever the server listens.
	Everyone bool
	// Log is where it is written down who read or changed what: a path, access.LogToStderr, or empty for nowhere.
	Log string
	// LogRefuses withholds answers that cannot be written down there.
	LogRefuses bool
}

// Asks reports whether callers are asked who they are.
func (a *Access) Asks() bool { return len(a.Keys) > 0 || a.OIDC != nil }

var (
	keyNameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,62}$`)
	claimForm   = regexp.MustCompile(`^[!-~]{1,200}$`)
	hostForm    = regexp.MustCompile(`^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$`)
)

// Values of access.log and access.log_failure.
const (
	logOff    = "off"
	logRefuse = "refuse"
)

func (d *decoder) access(f *accessFile, all *Limits) Access {
	a := Access{Keys: d.keys(f.Keys, all), OIDC: d.oidc(f.OIDC, all), Log: f.Log, LogRefuses: f.LogFailure == logRefuse}
	if f.Log == logOff {
		a.Log = ""
	}
	if a.Log == "" && a.LogRefuses {
		d.fault("access.log_failure", "refuse needs an access.log to be written")
	}
	if f.Anonymous != nil {
		a.Anonymous = f.Anonymous.Scopes
		d.some(f.Anonymous.Scopes, "access.anonymous.scopes")
		if !a.Asks() && !d.faulty("access") {
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
		if !d.faulty(path+".name") && !keyNameForm.MatchString(f.Name) {
			d.fault(path+".name", "must be letters, digits, dots, hyphens and underscores, at most 63")
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

// some holds a list of scopes to having any.
func (d *decoder) some(scopes []string, path string) {
	if len(scopes) == 0 && !d.faulty(path) {
		d.fault(path, "has none: without directory:read nothing can be asked")
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
		d.fault(path+".issuer", "must be an address with https://, spelt as the issuer spells it in its tokens")
	}
	if f.JWKSURL != "" && !d.faulty(path+".jwks_url") && !access.Confidential(f.JWKSURL) {
		d.fault(path+".jwks_url", "must be a whole address with https://")
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

// beyondLoopback is what must be decided before others can reach the server.
const beyondLoopback = "must be a loopback address (127.0.0.1, ::1 or localhost) as long as nobody is asked who they are: whoever can reach it " +
	"can read everything. Set access.keys or access.oidc"

// howToServeEveryone is for those who mean it.
const howToServeEveryone = ", or start with --insecure-serve-everyone"

// Loopback reports whether only this machine can reach what listens there.
func Loopback(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	return err == nil && loopback(host)
}
