package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// schemaFile serves the schema as a file, for client tools.
type schemaFile struct {
	handler *handler
	text    string
	etag    string
}

func newSchemaFile(h *handler, text string) *schemaFile {
	hash := sha256.Sum256([]byte(text))
	return &schemaFile{handler: h, text: text, etag: `"` + hex.EncodeToString(hash[:16]) + `"`}
}

// ServeHTTP serves the schema to callers who may read it.
func (f *schemaFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header(w, r, asJSON)
	if f.handler.origins.foreign(r) {
		refuse(w, asJSON, foreignOrigin)
		return
	}
	ctx, caller, e := f.handler.identify(r.Context(), r, credentialsOf(r))
	if e == nil {
		h := f.handler.forCaller(caller)
		rate, tooMany := h.count(caller)
		h.setRateHeaders(w.Header(), rate)
		e = tooMany
	}
	if e == nil && !f.handler.mayReadSchema(ctx) {
		e = schemaForbidden.withStatusOf(http.StatusForbidden)
	}
	if e != nil {
		refuse(w, asJSON, e)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8") // browsers display it; there is no media type for GraphQL schemas
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Etag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.text))
}
