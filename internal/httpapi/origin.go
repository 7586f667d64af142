package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"

	"roster/internal/access"
	"roster/internal/freshness"
)

// origins are the origins, besides the server's own, whose pages may use the graph, such as https://people.example.com.
type origins []string

// foreign reports whether a browser sends the request for a page of a foreign origin. Other clients are never foreign: they could omit the headers anyway.
func (o origins) foreign(r *http.Request) bool {
	origin := first(r.Header["Origin"])
	if origin != "" && slices.Contains(o, origin) {
		return false
	}
	switch first(r.Header["Sec-Fetch-Site"]) {
	case "same-origin", "none":
		return false
	case "": // an old browser, plain HTTP, or another client
		return origin != "" && !sameHost(origin, r.Host)
	}
	// Also without an Origin header, as for an image, a script or a link of a page. The page would learn only how long the answer took, which is already
	// too much.
	return true
}

// sameHost ignores the scheme, because a proxy in front may terminate TLS.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// The CORS headers. These slices must not be changed.
var (
	corsMethods = []string{"GET, POST"}
	corsHeaders = sync.OnceValue(func() []string { // the kinds of sources are registered by then
		// A browser sends a short Accept in any case, and one of more than 128 bytes only if it is allowed.
		return []string{"Accept, Authorization, Content-Type, Cache-Control, If-None-Match, GraphQL-Require-Preflight, Apollo-Require-Preflight, X-Apollo-Operation-Name, " +
			"ApolloGraphQL-Client-Name, ApolloGraphQL-Client-Version, X-Request-Id, Traceparent, Tracestate, " + strings.Join(access.TokenHeaders(), ", ") + ", " + freshness.SourceErrorsHeader}
	})
	corsExposed = []string{"Age, ETag, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"}
	corsMaxAge  = []string{"600"}
)

// setHeaders allows pages of an allowed origin to read the answer. Cookies are not used, so credentials are not allowed.
func (o origins) setHeaders(h http.Header, r *http.Request) {
	if len(o) == 0 {
		return
	}
	h["Vary"] = append(h["Vary"], "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(o, origin) {
		h["Access-Control-Allow-Origin"] = []string{origin}
		h["Access-Control-Expose-Headers"] = corsExposed
	}
}

// preflight answers a preflight request of a page of an allowed origin.
func (o origins) preflight(h http.Header, r *http.Request) {
	if r.Header.Get("Access-Control-Request-Method") == "" || h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	h["Access-Control-Allow-Methods"] = corsMethods
	h["Access-Control-Allow-Headers"] = corsHeaders()
	h["Access-Control-Max-Age"] = corsMaxAge
	delete(h, "Access-Control-Expose-Headers")
}
