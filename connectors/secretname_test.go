package connectors_test

import (
	"testing"

	"roster/connectors"
)

func TestIsSecretName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]bool{
		"password": true, "PassWord_Hash": true, "authToken": true, "client-secret": true, "api key": true, "x-session-id": true, "hash": true, "jwt": true,
		"refresh_token_expires": true, "requirePasswordChange": true, "bcrypt": true, "Cookie": true,
		"name": false, "email": false, "keyboard": false, "passport_country": false, "pinned": false, "author": false, "hashtag": false, "": false,
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
		"https://example.com/a?api%5Fkey=s": true, " https://example.com/?hash=s": true, "https://exa mple.com/%zz": true, "https://example.com/a?x=1;token=s": true,
		"https://example.com/a?etag=s": false, "https://ann@example.com/": false, "token=s": false, "Ann says https is good": false, "": false,
	} {
		if got := connectors.HoldsSecret(text); got != want {
			t.Errorf("%q: %t", text, got)
		}
	}
}
