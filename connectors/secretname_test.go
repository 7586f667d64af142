package connectors_test

import (
	"testing"

	"roster/connectors"
)

func TestIsSecretName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"password": true, "PassWord_Hash": true, "authToken": true, "client-secret": true, "api key": true, "x-session-id": true, "hash": true, "jwt": true,
		"refresh_token_expires": true, "requirePasswordChange": true, "bcrypt": true, "Cookie": true, "authKey": true, "sshKey": true, "user_pwd": true,
		"passcode": true, "pass_md5": true, "passHash2": true, "recoveryCodes": true, "digest": true, "mfa": true, "sid": true, "csrf": true,
		"ПАРОЛЬ": true, "Ключ API": true, "Contraseña": true,
		"name": false, "email": false, "keyboard": false, "passport_country": false, "pinned": false, "author": false, "hashtag": false, "side": false, "": false,
	} {
		if got := connectors.IsSecretName(name); got != want {
			t.Errorf("%q: %t", name, got)
		}
	}
}

func TestHoldsSecret(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]bool{
		"https://example.com/a?x=1&access_token=s": true, "https://ann:s@example.com/": true, "https://example.com/#id_token=s": true,
		"https://example.com/a?api%5Fkey=s": true, " https://example.com/?hash=s": true, "https://example.com/a?x=1;token=s": true,
		"Wiki: https://ann:s3cret@wiki.example/": true, "jdbc:postgresql://root:s@db/x": true, "/avatar/ann?rc_uid=1&rc_token=T": true,
		"//host/x?access_token=T": true, "https://ghp_xxx@example.com/": true, "$2b$10$abc": true, "-----BEGIN PRIVATE KEY-----": true,
		"eyJhbGciOiJI.eyJzdWIiOiIx.c2ln": true, "use Bearer abcdefghij": true,
		"https://example.com/a?etag=s": false, "see https://example.com/me": false, "https://exa mple.com/%zz": false, "token=s": false,
		"Ann says https is good": false, "ann@example.com": false, "": false,
	} {
		if got := connectors.HoldsSecret(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
