package config

import (
	"regexp"
	"strings"

	"roster/connectors"
)

// hookSecretForm has no character that is escaped in a path. 32 hexadecimal digits have 128 bits.
var hookSecretForm = regexp.MustCompile(`^[A-Za-z0-9_-]{32,256}$`)

// leastHookCharacters is how many different characters a secret must have. Of 32 random hexadecimal digits, one in a billion has fewer.
const leastHookCharacters = 8

func (d *decoder) hooks(f *sourceFile, path string) *Hooks {
	if f.Hooks == nil {
		return nil
	}
	if !d.faulty(path) {
		d.hookSecret(f.Hooks.Secret, path+".secret")
		if f.Hooks.PreviousSecret != "" {
			d.hookSecret(f.Hooks.PreviousSecret, path+".previous_secret")
		}
	}
	if kind := connectors.KindNamed(connectors.KindName(f.Kind)); kind != nil && kind.Hooks.Token == nil && d.given(path+".token") {
		d.fault(path+".token", "is for %s only: webhooks of kind %s have none", kindsWithHookToken(), kind.Name)
	}
	return (*Hooks)(f.Hooks)
}

// hookSecret checks a secret of webhooks.
func (d *decoder) hookSecret(s connectors.Secret, at string) {
	if !d.inFile(at) {
		at += "_file"
	}
	different := make(map[rune]bool)
	for _, r := range s.Reveal() {
		different[r] = true
	}
	if !hookSecretForm.MatchString(s.Reveal()) || len(different) < leastHookCharacters {
		d.fault(at, "must be 32 to 256 random letters, digits, - and _: openssl rand -hex 32 gives some")
	}
}

// kindsWithHookToken names the kinds whose webhooks have a token.
func kindsWithHookToken() string {
	var names []string
	for _, k := range connectors.Kinds() {
		if k.Hooks.Token != nil {
			names = append(names, string(k.Name))
		}
	}
	return strings.Join(names, " and ")
}
