package connectors

import (
	"net/url"
	"regexp"
	"strings"
	"unicode"
)

// secretWords are parts of the names of members that hold secrets. A name is compared in lower case, without anything but letters and digits. The
// words of other languages are those of the people who name the fields of the vendors' customers.
var secretWords = []string{
	"password", "passwd", "passphrase", "passcode", "passhash", "pwd", "secret", "token", "credential", "session", "cookie", "bcrypt", "hash", "digest",
	"authorization", "signature", "bearer", "recoverycode", "backupcode", "csrf", "otpauth", "authkey", "apikey",
	"пароль", "токен", "секрет", "ключ", "contraseña", "senha",
}

// secretNames are whole names of such members, which are too short to look for within other names.
var secretNames = []string{"pass", "pin", "otp", "totp", "mfa", "salt", "jwt", "auth", "sid", "key"}

// harmless are words that contain a part of a secret's name.
var harmless = []string{"hashtag"}

// IsSecretName reports whether the member of a vendor's answer may hold a secret by its name, such as authToken, password_hash or sshKey.
func IsSecretName(name string) bool {
	name = Letters(name)
	for _, word := range harmless {
		name = strings.ReplaceAll(name, word, "")
	}
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
	return strings.HasSuffix(name, "key") || strings.HasPrefix(name, "passmd5") || strings.HasPrefix(name, "passsha")
}

// Letters returns a name in lower case, without what separates its words.
func Letters(name string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, name)
}

var (
	// userInfo is the part of an address before its host, in which passwords and tokens stand.
	userInfo = regexp.MustCompile(`//[^/\s?#]*@`)
	// parameter is the name of a parameter of an address.
	parameter = regexp.MustCompile(`[?&#;]([^=?&#;\s]{1,100})=`)
	// secretForms are forms of hashes of passwords, private keys and tokens, whatever their name.
	secretForms = regexp.MustCompile(`\$2[abxy]\$|\$argon2|\$pbkdf2|-----BEGIN |\beyJ[\w-]+\.[\w-]+\.[\w-]*|(?i)\bbearer [\w.~+/-]{8,}`)
)

// HoldsSecret reports whether a text seems to hold a secret: an address with a user or a password, or with a parameter of a secret's name, or something
// that has the form of a hash of a password, a private key or a token.
func HoldsSecret(text string) bool {
	if userInfo.MatchString(text) || secretForms.MatchString(text) {
		return true
	}
	for _, m := range parameter.FindAllStringSubmatch(text, -1) {
		name := m[1]
		if decoded, err := url.QueryUnescape(name); err == nil {
			name = decoded
		}
		if IsSecretName(name) {
			return true
		}
	}
	return false
}
