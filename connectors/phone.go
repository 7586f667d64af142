package connectors

import (
	"strings"
	"time"
)

// ParsePhone takes a number as a source wrote it. Region is the ISO 3166 region for national numbers; without one only international
// numbers are recognised. ok is false if raw is blank.
func ParsePhone(raw, region string, kind PhoneKind) (phone Phone, ok bool) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Phone{}, false
	}
	if region == "" {
		region = "ZZ"
	}
	f := knownPhones.forms(raw, strings.ToUpper(region), time.Now())
	return Phone{Raw: f.raw, E164: f.e164, Kind: kind}, true
}
