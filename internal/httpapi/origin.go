package httpapi

import (
	"net/http"
	"net/url"
	"slices"
	"strings"

	"roster/internal/access"
	"roster/internal/freshness"
)

// origins are those whose pages may use the graph beside the server's own, such as https://people.example.com.
type origins []string

// foreign says whether a browser sends the request for a page that has no business here. What no browser sends is not foreign: whoever writes their
// own requests can leave out what tells.
func (o origins) foreign(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin != "" && slices.Contains(o, origin) {
		return false
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "same-origin", "none":
		return false
	case "": // an old browser, plain HTTP, or no browser
		return origin != "" && !sameHost(origin, r.Host)
	}
	// Also without an Origin, as a picture, a script or a link on somebody's page asks: the page would be told nothing but how long the answer took,
	// which is too much.
	return true
}

// sameHost leaves the scheme out: a proxy in front may have ended TLS.
func sameHost(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

// What CORS tells a browser. Nobody changes these slices.
var (
	corsMethods = []string{"GET, POST"}
	corsHeaders = []string{"Authorization, Content-Type, Cache-Control, GraphQL-Require-Preflight, Apollo-Require-Preflight, X-Apollo-Operation-Name, " +
		"X-Request-Id, Traceparent, Tracestate, " + access.WorksectionHeader + ", " + freshness.SourceErrorsHeader}
	corsExposed = []string{"Age, RateLimit, RateLimit-Policy, Retry-After, X-Request-Id"}
	corsMaxAge  = []string{"600"}
)

// share lets the browser give an answer to a page of an allowed origin. There are no cookies, so that none are allowed.
func (o origins) share(h http.Header, r *http.Request) {
	if len(o) == 0 {
		return
	}
	h["Vary"] = append(h["Vary"], "Origin")
	if origin := r.Header.Get("Origin"); origin != "" && slices.Contains(o, origin) {
		h["Access-Control-Allow-Origin"] = []string{origin}
		h["Access-Control-Expose-Headers"] = corsExposed
	}
}

// preflight tells a browser that asks first what a page of an allowed origin may send.
func (o origins) preflight(h http.Header, r *http.Request) {
	if r.Header.Get("Access-Control-Request-Method") == "" || h.Get("Access-Control-Allow-Origin") == "" {
		return
	}
	h["Access-Control-Allow-Methods"] = corsMethods
	h["Access-Control-Allow-Headers"] = corsHeaders
	h["Access-Control-Max-Age"] = corsMaxAge
	delete(h, "Access-Control-Expose-Headers")
}
