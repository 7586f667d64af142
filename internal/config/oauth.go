package config

import (
	"fmt"

	"roster/connectors"
)

// oauth gives a credential that is renewed; nil where there is none.
func (d *decoder) oauth(f *sourceFile, path string) *connectors.OAuth {
	o := f.OAuth
	if o == nil {
		return nil
	}
	refresh, code := d.lines[path+".refresh_token"]+d.lines[path+".refresh_token_file"] > 0, d.lines[path+".code"]+d.lines[path+".code_file"] > 0
	switch {
	case d.faulty(path + ".refresh_token"), d.faulty(path + ".refresh_token_file"), d.faulty(path + ".code"), d.faulty(path + ".code_file"):
	case !refresh && !code:
		d.fault(path, "needs refresh_token, or code: the first tokens are got for it")
	case refresh && code:
		d.fault(path, "has both refresh_token and code: which of them is meant?")
	}
	if o.RedirectURI == "" && (f.Kind == string(connectors.Kommo) || code) && !d.faulty(path+".redirect_uri") {
		d.fault(path+".redirect_uri", "is required")
	}
	if o.URL != "" && !d.faulty(path+".url") {
		d.url(o.URL, path+".url", f.InsecureHTTP)
	}
	return &connectors.OAuth{
		ClientID: o.ClientID, ClientSecret: o.ClientSecret, RedirectURI: o.RedirectURI, RefreshToken: o.RefreshToken, Code: o.Code, URL: o.URL,
	}
}

// oneCredential asks for the secret of that key or for oauth, and not for both.
func (d *decoder) oneCredential(secret connectors.Secret, o *oauthFile, path, key string) {
	given := d.lines[path+"."+key] + d.lines[path+"."+key+"_file"]
	switch sub := path + "." + key; {
	case d.faulty(sub) || d.faulty(sub+"_file"):
	case secret == "" && given == 0 && o == nil && d.lines[path+".oauth"] == 0:
		d.fault(sub, "is required, here or in a file that %s_file names, or else oauth", key)
	case given > 0 && o != nil:
		d.fault(sub, "give either this or oauth, not both")
	}
}

// tokensHaveAPlace says where tokens that are renewed could not be kept.
func (d *decoder) tokensHaveAPlace(c *Config) {
	if c.CredentialsDir != "" || c.Redis != nil && (c.Redis.EncryptionKey != "" || d.faulty("redis.encryption_key")) {
		return
	}
	for i := range c.Sources {
		if path := fmt.Sprintf("sources[%d].oauth", i); c.Sources[i].OAuth != nil {
			d.fault(path, "%s", connectors.NoTokenKeeper)
		}
	}
}
