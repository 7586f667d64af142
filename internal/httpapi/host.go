package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// local rejects requests whose host is not this machine. The server listens only on loopback, but a web page could make its own host name resolve to a
// loopback address, and would then be of the same origin. No such page knows the secret of a webhook.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) && !isHook(r.URL.Path) {
			header(w, r, asJSON)
			refuse(w, asJSON, badRequest(http.StatusMisdirectedRequest,
				"this server answers to localhost and loopback addresses only, not to the host that was asked for; access.hosts can list other names"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// named rejects requests with a host that is not in the list. The health endpoints are exempt, because probes often use the
// address, and so are webhooks, because their secrets are enough.
func named(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !isHook(r.URL.Path) && !slices.Contains(hosts, strings.ToLower(hostName(r.Host))) {
			header(w, r, asJSON)
			refuse(w, asJSON, badRequest(http.StatusMisdirectedRequest, "this server does not answer to the host that was asked for; access.hosts lists the names to which it does"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostName returns the host without port and brackets.
func hostName(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	return host
}

func isLoopback(host string) bool {
	host = hostName(host)
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
