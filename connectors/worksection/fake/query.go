package fake

import (
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // the vendor's scheme knows no other hash
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// defaultSkew is how far the time in a header may be off. The vendor does not document it.
const defaultSkew = 5 * time.Minute

// call is a query taken apart.
type call struct {
	action string
	signed string // what the hash is over
	hash   string
}

// parse takes the pairs in the order in which they came. With reencode, what was signed is the parsed pairs written anew.
func parse(raw string, reencode bool) call {
	var c call
	var signed []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, _ := strings.Cut(pair, "=")
		name, value = unescape(name), unescape(value)
		if name == "hash" {
			c.hash = value
			continue
		}
		if name == "action" && c.action == "" {
			c.action = value
		}
		if reencode {
			pair = escape(name) + "=" + escape(value)
		}
		signed = append(signed, pair)
	}
	c.signed = strings.Join(signed, "&")
	return c
}

func (c call) signedWith(key string) bool {
	sum := md5.Sum([]byte(c.signed + key)) //nolint:gosec // the vendor's scheme knows no other hash
	return c.hash == hex.EncodeToString(sum[:])
}

// stampedWith says whether the header holds a signature of the action, made about now.
func (c call) stampedWith(key, header string, skew time.Duration) bool {
	at, sum, ok := strings.Cut(strings.TrimPrefix(header, "Admin "), "_")
	seconds, err := strconv.ParseInt(at, 10, 64)
	if !ok || err != nil || !strings.HasPrefix(header, "Admin ") || time.Since(time.Unix(seconds, 0)).Abs() > skew {
		return false
	}
	mac := hmac.New(sha256.New, []byte(key))
	mac.Write([]byte(c.action + ":" + at))
	return sum == hex.EncodeToString(mac.Sum(nil))
}

func unescape(s string) string {
	if t, err := url.QueryUnescape(s); err == nil {
		return t
	}
	return s // PHP, too, leaves a broken escape as it is
}

// escape writes what PHP's form encoder writes, byte for byte.
func escape(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_."
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case strings.IndexByte(plain, c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteString("%" + strings.ToUpper(hex.EncodeToString([]byte{c})))
		}
	}
	return b.String()
}
