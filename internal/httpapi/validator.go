package httpapi

import (
	"net/http"
	"strings"
)

// tagOf returns the strong entity tag of an answer with that digest. A representation in another media type or coding has other bytes or another meaning, and
// so another tag.
func tagOf(digest string, m mediaType, as encoding) string {
	tag := `"` + digest
	if m == asGraphQL {
		tag += "-graphql"
	}
	if as != asIs {
		tag += "-" + encodingNames[as][0]
	}
	return tag + `"`
}

// conditional reports whether a request can have a condition on the entity tag: only what reads.
func conditional(r *http.Request) bool {
	return r.Method == http.MethodGet || r.Method == http.MethodHead
}

// matches reports whether one of the tags of an If-None-Match is this one. The comparison is weak, as RFC 9110 says.
func matches(values []string, tag string) bool {
	for _, value := range values {
		if value == tag {
			return true
		}
		for one := range strings.SplitSeq(value, ",") { // our tags have no comma
			if one = strings.TrimSpace(one); one == "*" || strings.TrimPrefix(one, "W/") == tag {
				return true
			}
		}
	}
	return false
}

// unchanged sets the entity tag of an answer. If the client has the answer already, unchanged says so to the client, and returns true.
func unchanged(w http.ResponseWriter, r *http.Request, tag []string) bool {
	h := w.Header()
	if !matches(r.Header["If-None-Match"], tag[0]) {
		h["Etag"] = tag
		return false
	}
	delete(h, "Content-Type") // a response without content
	delete(h, "X-Content-Type-Options")
	h["Etag"] = tag
	w.WriteHeader(http.StatusNotModified)
	return true
}
