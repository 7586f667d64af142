package connectors

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
)

// Fingerprint tells sources apart by all that decides what can be read there: kind, address, account, credential. It reveals none of them.
func Fingerprint(kind KindName, parts ...string) string {
	h := sha256.New()
	fmt.Fprint(h, kind)
	for _, p := range parts {
		fmt.Fprintf(h, "\x00%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil)[:16])
}
