package decode

import (
	"bytes"
	"encoding/json"
	"strings"

	"roster/connectors"
)

// Keep says what is kept of a row besides its record. The zero value keeps nothing.
type Keep struct {
	raw   bool
	never map[string]bool // by connectors.Letters
}

// NewKeep returns what a source with this configuration keeps. Never are Kind.NeverShown.
func NewKeep(cfg connectors.Config, never []string) Keep {
	k := Keep{raw: cfg.Raw, never: make(map[string]bool)}
	for _, name := range never {
		k.never[connectors.Letters(name)] = true
	}
	return k
}

// Extra returns what is kept of a row; nil for nothing.
func (k Keep) Extra(row Value) *connectors.Extra {
	if !k.raw {
		return nil
	}
	return &connectors.Extra{Raw: row.kept(k.never)}
}

// kept returns the row as JSON, encoded again, without secrets: see withoutSecrets.
// A row that is beyond connectors.MaxRaw or nested too deeply is an anomaly, and kept returns nil.
func (v Value) kept(never map[string]bool) []byte {
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
	if err := e.Encode(withoutSecrets(plain, never, true)); err != nil {
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

// namedBy are members that name what the other members of their object hold, as custom fields do.
var namedBy = map[string]bool{"name": true, "key": true, "code": true, "title": true, "label": true, "fieldname": true, "fieldcode": true}

// withoutSecrets removes members from all objects of a value, in place. It replaces a text that may hold a secret by null, and an object that a member
// names as a secret, other than the row itself, whose name is that of a person.
func withoutSecrets(v any, never map[string]bool, row bool) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			letters := connectors.Letters(name)
			if text, is := value.(string); is && !row && namedBy[letters] && connectors.IsSecretName(text) {
				return nil
			}
			if never[letters] || connectors.IsSecretName(name) {
				delete(v, name)
				continue
			}
			v[name] = withoutSecrets(value, never, false)
		}
	case []any:
		for i, item := range v {
			v[i] = withoutSecrets(item, never, false)
		}
	case string:
		if connectors.HoldsSecret(v) || holdsJSON(v) {
			return nil
		}
	}
	return v
}

// holdsJSON reports whether a text is an object or a list in JSON, in which nobody looks for secrets.
func holdsJSON(text string) bool {
	text = strings.TrimSpace(text)
	return strings.HasPrefix(text, "{") || strings.HasPrefix(text, "[{")
}
