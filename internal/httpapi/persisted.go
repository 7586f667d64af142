package httpapi

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"

	"github.com/99designs/gqlgen/graphql"

	"roster/internal/persisted"
)

// The codes and messages of persisted queries. Clients compare these texts.
const (
	codePersistedNotFound    = "PERSISTED_QUERY_NOT_FOUND"
	codePersistedUnsupported = "PERSISTED_QUERY_NOT_SUPPORTED"
	codeUntrusted            = "DOCUMENT_NOT_TRUSTED"
)

var (
	persistedNotFound    = &refusal{code: codePersistedNotFound, message: "PersistedQueryNotFound"}
	persistedUnsupported = &refusal{code: codePersistedUnsupported, message: "PersistedQueryNotSupported"}
	untrusted            = &refusal{code: codeUntrusted, message: "only registered documents run here, and this is none"}
	otherHash            = badRequest(http.StatusBadRequest, "the query has another SHA-256 than the one in extensions.persistedQuery")
	notPersisted         = badRequest(http.StatusBadRequest, "extensions.persistedQuery must be an object with version 1 and a sha256Hash")
)

// resolve sets the text of a request that may contain only its hash, and rejects documents that may not run. It returns the hash under which a text must be
// registered once it has proved to be valid.
func (h *handler) resolve(ctx context.Context, p *graphql.RawParams) (hash string, e *refusal) {
	if named, ok := p.Extensions["persistedQuery"]; ok && named != nil {
		if hash, ok = hashIn(named); !ok {
			return "", notPersisted
		}
	}
	if p.Query == "" && hash == "" {
		return "", noQuery
	}
	text, outcome := h.trusted.Resolve(ctx, p.Query, hash)
	switch outcome {
	case persisted.Found:
	case persisted.Unknown:
		return "", persistedNotFound
	case persisted.Untrusted:
		return "", untrusted
	case persisted.Mismatch:
		return "", otherHash
	case persisted.Unsupported:
		return "", persistedUnsupported
	}
	if p.Query == "" {
		hash = ""
	}
	p.Query = text
	return hash, nil
}

// hashIn parses the extension of Apollo's protocol.
func hashIn(named any) (hash string, ok bool) {
	object, ok := named.(map[string]any)
	if !ok {
		return "", false
	}
	version, ok := object["version"].(json.Number)
	if !ok || fmt.Sprint(version) != "1" {
		return "", false
	}
	hash, ok = object["sha256Hash"].(string)
	return hash, ok && hash != ""
}
