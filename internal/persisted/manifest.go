package persisted

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
)

// maxManifest is the maximum size of a manifest file, in bytes.
const maxManifest = 64 << 20

// Manifest holds the registered documents.
type Manifest struct {
	byID  map[string]string
	texts map[[sha256.Size]byte]bool
}

// Load reads a manifest file: the format that Apollo's tools write, or a JSON object with the documents by their IDs. The error contains no part of
// the content.
func Load(path string) (*Manifest, error) {
	f, err := os.Open(path) //nolint:gosec // the operator configures the path
	if err != nil {
		return nil, errors.New("the file cannot be opened: it must be one that this user may read")
	}
	defer f.Close() //nolint:errcheck // the file is only read
	text, err := io.ReadAll(io.LimitReader(f, maxManifest+1))
	switch {
	case err != nil:
		return nil, errors.New("the file cannot be read")
	case len(text) > maxManifest:
		return nil, fmt.Errorf("the manifest is larger than %d bytes", maxManifest)
	}
	return Parse(text)
}

// apolloFormat is the name of the format in a manifest that Apollo's tools write.
const apolloFormat = "apollo-persisted-query-manifest"

// Parse parses the text of a manifest.
func Parse(text []byte) (*Manifest, error) {
	var apollo struct {
		Format     string
		Version    int
		Operations []struct{ ID, Body string }
	}
	m := &Manifest{byID: make(map[string]string), texts: make(map[[sha256.Size]byte]bool)}
	if json.Unmarshal(text, &apollo) == nil && apollo.Format == apolloFormat {
		if apollo.Version != 1 {
			return nil, errors.New("the manifest has another version than 1")
		}
		for _, op := range apollo.Operations {
			if err := m.add(op.ID, op.Body); err != nil {
				return nil, err
			}
		}
	} else {
		var plain map[string]string
		if err := json.NewDecoder(bytes.NewReader(text)).Decode(&plain); err != nil {
			return nil, errors.New("the manifest must be Apollo's, or a JSON object with documents by their IDs")
		}
		for id, document := range plain {
			if err := m.add(id, document); err != nil {
				return nil, err
			}
		}
	}
	if len(m.byID) == 0 {
		return nil, errors.New("the manifest holds no document")
	}
	return m, nil
}

func (m *Manifest) add(id, document string) error {
	if id == "" || document == "" {
		return errors.New("the manifest holds a document without an ID, or an ID without a document")
	}
	if known, twice := m.byID[id]; twice && known != document {
		return errors.New("the manifest holds two documents under one ID")
	}
	m.byID[id] = document
	m.texts[sha256.Sum256([]byte(document))] = true
	return nil
}

// Len returns the number of registered documents.
func (m *Manifest) Len() int { return len(m.byID) }
