package connectors

import (
	"strings"

	"github.com/nyaruka/phonenumbers"
)

// ParsePhone takes a number as a source wrote it. Region is the ISO 3166 region for national numbers; without one only international
// numbers are recognised. ok is false if raw is blank.
func ParsePhone(raw, region string, kind PhoneKind) (phone Phone, ok bool) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return Phone{}, false
	}
	phone = Phone{Raw: raw, Kind: kind}
	if region == "" {
		region = "ZZ"
	}
	if n, err := phonenumbers.Parse(raw, strings.ToUpper(region)); err == nil && phonenumbers.IsValidNumber(n) {
		phone.E164 = phonenumbers.Format(n, phonenumbers.E164)
	}
	return phone, true
}
