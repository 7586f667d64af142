package httpapi

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"
)

// schemaFile serves the schema as a file, for the tools that clients are made with.
type schemaFile struct {
	door *door
	text string
	etag string
}

func newSchemaFile(d *door, text string) *schemaFile {
	hash := sha256.Sum256([]byte(text))
	return &schemaFile{door: d, text: text, etag: `"` + hex.EncodeToString(hash[:16]) + `"`}
}

// ServeHTTP gives the schema to whoever may read it.
func (f *schemaFile) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header(w, r, asJSON)
	if f.door.origins.foreign(r) {
		refuse(w, asJSON, foreignOrigin)
		return
	}
	ctx, caller, e := f.door.meet(r.Context(), r, shownBy(r))
	if e == nil {
		d := f.door.of(caller)
		rate, tooMany := d.count(caller)
		d.tellRate(w.Header(), rate)
		e = tooMany
	}
	if e == nil && !f.door.mayReadSchema(ctx) {
		e = schemaForbidden.withStatusOf(http.StatusForbidden)
	}
	if e != nil {
		refuse(w, asJSON, e)
		return
	}
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8") // a browser shows it; GraphQL has no type for a schema's text
	h.Set("Cache-Control", "private, no-cache")
	h.Set("Etag", f.etag)
	http.ServeContent(w, r, "", time.Time{}, strings.NewReader(f.text))
}
