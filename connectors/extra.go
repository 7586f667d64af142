package connectors

import "roster/connectors/wire"

// Extra is what a record has only if the settings of its source ask for it, so that other records take no memory for it.
type Extra struct {
	// Raw is what the source said of the account: the row of its answer as JSON, without what Kind.NeverShown and IsSecretName name. It is empty
	// without Config.Raw, and if the row is beyond MaxRaw.
	Raw []byte
}

// MaxRaw bounds Extra.Raw, and the row from which it is made, in bytes.
const MaxRaw = 64 << 10

// ExtraFields lists the fields of an Extra in the order of their encoding.
func ExtraFields(c *wire.Codec, e *Extra) {
	c.Bytes(&e.Raw)
}

// KeepsExtra reports whether the records of a source with this configuration have an Extra.
func (c Config) KeepsExtra() bool { return c.Raw }

// WithExtra prepares a source whose records have an Extra. Records that were read with other settings lack it, or have another one, so their fingerprint
// is another one: they are fetched again, and nothing that was kept with raw is served without it.
func (s *Source) WithExtra(cfg Config) {
	if !cfg.KeepsExtra() {
		return
	}
	s.Extra = true
	s.Fingerprint = Fingerprint(s.Kind, s.Fingerprint, "raw")
}
