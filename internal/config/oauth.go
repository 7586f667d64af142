package config

import (
	"fmt"
	"slices"

	"roster/connectors"
)

// oauth checks a credential that is renewed. Needs are the keys that the kind requires.
func (d *decoder) oauth(o *connectors.OAuth, path string, insecure bool, needs []string) {
	refresh, code := d.given(path+".refresh_token"), d.given(path+".code")
	switch {
	case d.faulty(path + ".refresh_token"), d.faulty(path + ".refresh_token_file"), d.faulty(path + ".code"), d.faulty(path + ".code_file"):
	case !refresh && !code:
		d.fault(path, "needs refresh_token, or code: one of them is exchanged for the first tokens")
	case refresh && code:
		d.fault(path, "has both refresh_token and code: which of them is meant?")
	}
	if code && !slices.Contains(needs, redirectURIKey) {
		needs = append(slices.Clone(needs), redirectURIKey)
	}
	for _, key := range needs {
		if sub := path + "." + key; !d.given(sub) && !d.faulty(sub) {
			d.fault(sub, "is required")
		}
	}
	if o.URL != "" && !d.faulty(path+".url") {
		d.url(o.URL, path+".url", insecure)
	}
}

const redirectURIKey = "redirect_uri"

// given reports whether the file has the setting or, for a secret, the setting with _file.
func (d *decoder) given(path string) bool { return d.inFile(path) || d.inFile(path+"_file") }

// oneOf requires either the secret of the key, or the setting that can replace it.
func (d *decoder) oneOf(path, key, other string) {
	sub := path + "." + key
	switch given, instead := d.given(sub), d.given(path+"."+other); {
	case d.faulty(sub) || d.faulty(sub+"_file"):
	case !given && !instead:
		d.fault(sub, "is required: set it, or set %s_file or %s instead", key, other)
	case given && instead:
		d.fault(sub, "give either this or %s, not both", other)
	}
}

// tokensHaveAPlace adds a fault for each source with renewed tokens if there is no token store.
func (d *decoder) tokensHaveAPlace(c *Config) {
	if c.CredentialsDir != "" || c.Redis != nil && (c.Redis.EncryptionKey != "" || d.faulty("redis.encryption_key")) {
		return
	}
	for i := range c.Sources {
		if path := fmt.Sprintf("sources[%d].oauth", i); c.Sources[i].OAuth() != nil {
			d.fault(path, "%s", connectors.NoTokenStore)
		}
	}
}
