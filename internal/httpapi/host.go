package httpapi

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// local refuses requests that name another host than this machine. The server listens on loopback only, and a page in a browser here could give
// its own name this machine's address, and then read everything as its own.
func local(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !isLoopback(r.Host) {
			header(w, r, asJSON)
			refuse(w, asJSON, badRequest(http.StatusMisdirectedRequest,
				"this server answers to localhost and loopback addresses only, not to the host that was asked for"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// named refuses requests that name a host that is not among those. What an operator's tools ask tells nobody anything, and they often know a
// server by its address only.
func named(next http.Handler, hosts []string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/healthz" && r.URL.Path != "/readyz" && !slices.Contains(hosts, strings.ToLower(hostName(r.Host))) {
			header(w, r, asJSON)
			refuse(w, asJSON, badRequest(http.StatusMisdirectedRequest, "this server does not answer to the host that was asked for"))
			return
		}
		next.ServeHTTP(w, r)
	})
}

// hostName gives the host without a port and brackets.
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
