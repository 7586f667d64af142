package worksection

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the vendor's scheme knows no other hash
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
)

// param is one parameter of a call. They are kept in order, which url.Values would not do.
type param struct{ name, value string }

// query writes the parameters as PHP's form encoder does, the action first. Whether Worksection hashes the query as it came or writes the
// parsed parameters anew is not documented; these bytes are the same either way.
func query(action string, params ...param) string {
	var b strings.Builder
	b.WriteString("action=" + escape(action))
	for _, p := range params {
		b.WriteString("&" + escape(p.name) + "=" + escape(p.value))
	}
	return b.String()
}

// escape differs from url.QueryEscape in the tilde only, which PHP encodes.
func escape(s string) string {
	return strings.ReplaceAll(url.QueryEscape(s), "~", "%7E")
}

// sign appends the hash of the query and the key. The hash holds no time and no nonce: whoever sees a signed query can send it again for as
// long as the key lives, so it belongs in no log.
//
// https://worksection.com/en/faq/api/api-start/1911.html
func sign(query string, key connectors.Secret) string {
	sum := md5.Sum([]byte(query + key.Reveal())) //nolint:gosec // the vendor's scheme knows no other hash
	return query + "&hash=" + hex.EncodeToString(sum[:])
}

// stamp returns the header of the other scheme, which the vendor's own clients of 2026 use and its pages do not describe: it covers the action
// and the time, and not the parameters. How far the time may be off is not known.
func stamp(action string, key connectors.Secret, now time.Time) string {
	at := strconv.FormatInt(now.Unix(), 10)
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(action + ":" + at))
	return "Admin " + at + "_" + hex.EncodeToString(mac.Sum(nil))
}
