package config

import (
	"fmt"
	"regexp"

	"roster/internal/access"
)

// namePrefixForm is the form of a prefix. Names that begin with __ are reserved.
var namePrefixForm = regexp.MustCompile(`^[A-Z][A-Za-z0-9]{0,30}_?$`)

// PrefixForm describes the form of a prefix.
const PrefixForm = "must be a capital letter followed by letters and digits, at most 31 characters, such as Roster; an underscore may follow them"

// IsPrefix reports whether the text can be a prefix of names.
func IsPrefix(text string) bool { return namePrefixForm.MatchString(text) }

func (d *decoder) federation(f *federationFile, a *Access) Federation {
	if f.Prefix != "" && !d.faulty("federation.prefix") && !IsPrefix(f.Prefix) {
		d.fault("federation.prefix", PrefixForm)
	}
	router := routerIn(a)
	if f.SecurityDirectives == "omit" && router != "" {
		d.fault("federation.security_directives", "is omit, but %s has router: true: the router would not know which fields need a scope, and "+
			"anybody could read through it what that credential may. Leave security_directives out, or take router away, so that Roster checks the scopes "+
			"of the credential itself", router)
	}
	return Federation{Prefix: f.Prefix, SecurityDirectives: f.SecurityDirectives == "include" || router != ""}
}

// routerIn returns the path of a credential with router: true; empty if there is none.
func routerIn(a *Access) string {
	for i := range a.Keys {
		if a.Keys[i].Router {
			return fmt.Sprintf("access.keys[%d]", i)
		}
	}
	if a.OIDC != nil && a.OIDC.Router {
		return "access.oidc"
	}
	return ""
}

// withSchema returns the scopes of a router's credential, which include directory:schema.
func withSchema(scopes access.Scopes, router bool) access.Scopes {
	if router && len(scopes) > 0 && !scopes.Has(access.ScopeSchema) {
		scopes = append(scopes[:len(scopes):len(scopes)], access.ScopeSchema)
	}
	return scopes
}
