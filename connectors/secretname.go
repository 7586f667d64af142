package connectors

import (
	"net/url"
	"strings"
)

// secretWords are parts of the names of members that hold secrets. A name is compared in lower case, without anything but letters and digits.
var secretWords = []string{
	"password", "passwd", "passphrase", "secret", "token", "credential", "apikey", "accesskey", "privatekey", "signingkey", "encryptionkey",
	"session", "cookie", "bcrypt", "authorization", "signature",
}

// secretNames are whole names of such members, which are too short to look for within other names.
var secretNames = []string{"hash", "passhash", "pass", "pwd", "pin", "otp", "totp", "salt", "jwt", "key", "auth"}

// IsSecretName reports whether the member of a vendor's answer may hold a secret by its name, such as authToken or password_hash.
func IsSecretName(name string) bool {
	name = letters(name)
	for _, whole := range secretNames {
		if name == whole {
			return true
		}
	}
	for _, word := range secretWords {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// letters returns a name in lower case, without what separates its words.
func letters(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r > 127:
			return r
		}
		return -1
	}, name)
}

// HoldsSecret reports whether a text is an address with a credential in it: a password, or a parameter with the name of a secret.
func HoldsSecret(text string) bool {
	if !strings.Contains(text, "://") {
		return false
	}
	u, err := url.Parse(strings.TrimSpace(text))
	if err != nil {
		return true // nobody knows what it holds
	}
	if _, password := u.User.Password(); password {
		return true
	}
	for _, parameters := range []string{u.RawQuery, u.Fragment} {
		for pair := range strings.FieldsFuncSeq(parameters, func(r rune) bool { return r == '&' || r == ';' || r == '?' }) {
			name, _, _ := strings.Cut(pair, "=")
			if decoded, err := url.QueryUnescape(name); err == nil {
				name = decoded
			}
			if IsSecretName(name) {
				return true
			}
		}
	}
	return false
}
