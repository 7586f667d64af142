package webhook

import (
	"encoding/base64"
	"errors"
	"strings"

	"roster/connectors"
)

// secretPrefix begins a secret, as Standard Webhooks has it.
const secretPrefix = "whsec_"

// leastSecret and mostSecret are the lengths of a secret in bytes that Standard Webhooks allows.
const (
	leastSecret = 24
	mostSecret  = 64
)

// leastBytes is how many different bytes a secret must have. Of 24 random bytes, one in more than 10^20 has fewer.
const leastBytes = 8

var errSecret = errors.New("must be whsec_ followed by 24 to 64 random bytes in base64: echo whsec_$(openssl rand -base64 32) makes one")

// CheckSecret returns an error that says what a secret must be, unless this is one.
func CheckSecret(s connectors.Secret) error {
	text, ok := strings.CutPrefix(s.Reveal(), secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(key) < leastSecret || len(key) > mostSecret {
		return errSecret
	}
	different := make(map[byte]bool)
	for _, b := range key {
		different[b] = true
	}
	if len(different) < leastBytes {
		return errSecret
	}
	return nil
}
