package access

import (
	"strings"
)

// claims are the claims of a token, as its issuer spells them.
type claims map[string]any

// scopes returns the token's scopes: those in its scope claim, and those of the operator's grants.
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

// email returns the address in the claim if the issuer has verified it. Some issuers write the word true in quotes.
func (c claims) email(claim string) string {
	if v := c["email_verified"]; v != true && v != "true" {
		return ""
	}
	address, _ := c.at(claim).(string)
	return address
}

// at returns a claim by its name, or a nested claim by its path, such as realm_access.roles. A name may itself contain dots, as an address does.
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

// wordsOf returns the words of a claim, which is an array or a text with spaces.
func wordsOf(v any) []string {
	if text, ok := v.(string); ok {
		return strings.Fields(text)
	}
	return valuesOf(v)
}

// valuesOf returns the values of a claim: those of an array, or the single value.
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
