package decode

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"

	"roster/connectors"
)

// Keep says what is kept of a row besides its record. The zero value keeps nothing.
type Keep struct {
	raw   bool
	never []string
}

// NewKeep returns what a source with this configuration keeps. Never are Kind.NeverShown.
func NewKeep(cfg connectors.Config, never []string) Keep {
	return Keep{raw: cfg.Raw, never: never}
}

// Extra returns what is kept of a row; nil for nothing.
func (k Keep) Extra(row Value) *connectors.Extra {
	if !k.raw {
		return nil
	}
	return &connectors.Extra{Raw: row.kept(k.never)}
}

// kept returns the row as JSON, encoded again, without the members that have one of these names, or the name of a secret, in whatever object they are.
// A row that is beyond connectors.MaxRaw or nested too deeply is an anomaly, and kept returns nil.
func (v Value) kept(never []string) []byte {
	switch {
	case !v.IsObject():
		return nil
	case len(v.n.raw) > connectors.MaxRaw:
		v.noteRow("long object")
		return nil
	case v.n.depth() > maxDepth:
		v.noteRow("deep object")
		return nil
	}
	d := json.NewDecoder(strings.NewReader(v.n.raw))
	d.UseNumber()
	var plain any
	if err := d.Decode(&plain); err != nil {
		v.noteRow(v.n.kind.String())
		return nil
	}
	var written bytes.Buffer
	e := json.NewEncoder(&written)
	e.SetEscapeHTML(false)
	if err := e.Encode(withoutSecrets(plain, never)); err != nil {
		v.noteRow(v.n.kind.String())
		return nil
	}
	kept := bytes.TrimSpace(written.Bytes())
	if len(kept) > connectors.MaxRaw { // replaced characters take more bytes than what they replace
		v.noteRow("long object")
		return nil
	}
	return bytes.Clone(kept) // without the buffer's spare memory
}

func (v Value) noteRow(example string) {
	if v.notes != nil {
		v.notes.Note(connectors.FieldRow, example)
	}
}

// withoutSecrets removes members from all objects of a value, in place.
func withoutSecrets(v any, never []string) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			text, _ := value.(string)
			if slices.ContainsFunc(never, func(n string) bool { return strings.EqualFold(n, name) }) || connectors.IsSecretName(name) || connectors.HoldsSecret(text) {
				delete(v, name)
				continue
			}
			v[name] = withoutSecrets(value, never)
		}
	case []any:
		for i, item := range v {
			if text, is := item.(string); is && connectors.HoldsSecret(text) {
				v[i] = nil
				continue
			}
			v[i] = withoutSecrets(item, never)
		}
	}
	return v
}
