package connectors

import (
	"strconv"
	"strings"

	"roster/connectors/wire"
)

// Extra is what a record has only if the settings of its source ask for it, so that other records take no memory for it.
type Extra struct {
	// Raw is what the source said of the account: the row of its answer as JSON, without what Kind.NeverShown and IsSecretName name. It is empty
	// without Config.Raw, and if the row is beyond MaxRaw.
	Raw []byte
}

// MaxRaw bounds Extra.Raw, and the row from which it is made, in bytes.
const MaxRaw = 32 << 10

// ExtraFields lists the fields of an Extra in the order of their encoding.
func ExtraFields(c *wire.Codec, e *Extra) {
	c.Bytes(&e.Raw)
}

// filterVersion is raised when secrets are removed from rows that were kept before.
const filterVersion = 1

// WithExtra prepares a source whose records have an Extra. Accounts that were stored with other settings, with another filter for secrets or in another
// encoding are not read: see Source.Extra.
func (s *Source) WithExtra(cfg Config, kind *Kind) {
	if cfg.Raw {
		s.Extra = Fingerprint(s.Kind, "raw", strconv.Itoa(filterVersion), strings.Join(kind.NeverShown, " "), strings.Join(secretWords, " "),
			strings.Join(secretNames, " "), wire.Describe(func(c *wire.Codec) { ExtraFields(c, new(Extra)) }))
	}
}
