package access

import (
	"strings"
)

// claims is what a token says, as its issuer spells it.
type claims map[string]any

// scopes gives what the token allows: by its scopes, and by the operator's grants.
func (c claims) scopes(cfg OIDC) Scopes {
	var words []string
	if cfg.ScopeClaim != "" {
		words = wordsOf(c.at(cfg.ScopeClaim))
	} else {
		words = append(wordsOf(c["scope"]), wordsOf(c["scp"])...)
	}
	for _, g := range cfg.Grants {
		for _, v := range valuesOf(c.at(g.Claim)) {
			if v == g.Value {
				words = append(words, g.Scopes...)
			}
		}
	}
	return scopesOf(words...)
}

// email gives the address in the claim if the issuer says that it has verified it. Some issuers write the word true in quotes.
func (c claims) email(claim string) string {
	if v := c["email_verified"]; v != true && v != "true" {
		return ""
	}
	address, _ := c.at(claim).(string)
	return address
}

// at gives a claim by its name, or one within others by its path, such as realm_access.roles. A name may have dots itself, as addresses do.
func (c claims) at(path string) any {
	if v, ok := c[path]; ok {
		return v
	}
	var v any = map[string]any(c)
	for name := range strings.SplitSeq(path, ".") {
		m, _ := v.(map[string]any)
		v = m[name]
	}
	return v
}

// wordsOf gives what a claim lists, as an array or with spaces between.
func wordsOf(v any) []string {
	if text, ok := v.(string); ok {
		return strings.Fields(text)
	}
	return valuesOf(v)
}

// valuesOf gives a claim's values: an array's, or the one.
func valuesOf(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var out []string
		for _, item := range v {
			if text, ok := item.(string); ok {
				out = append(out, text)
			}
		}
		return out
	}
	return nil
}
