package web

import (
	"net/http"
	"strings"
)

// dashboardPolicy says what the dashboard may load and whom it may speak to: the server it came from, whatever a script on it tries. Scripts and styles
// come from files only, never from the page's text or from strings.
var dashboardPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"connect-src 'self'",
	"style-src 'self'",
	"img-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
}, "; ")

// playgroundPolicy says the same for the playground, whose editor needs more.
var playgroundPolicy = strings.Join([]string{
	"default-src 'none'",
	"script-src 'self'",
	"worker-src 'self'",
	"connect-src 'self'",
	// The editor makes its style sheets as it runs and places each line by a style attribute; it can do neither by hash or nonce.
	"style-src 'self' 'unsafe-inline'",
	// The editor's style sheet holds small pictures, such as the wave under a mistake.
	"img-src 'self' data:",
	"font-src 'self'",
	"base-uri 'none'",
	"form-action 'none'",
	"frame-ancestors 'none'",
}, "; ")

// setPolicy sets the headers that every answer has. The files need the policy too: a worker obeys that of its own file.
func setPolicy(h http.Header, policy string) {
	h.Set("Content-Security-Policy", policy)
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("X-Content-Type-Options", "nosniff")
}
