package httpapi

import (
	"net"
	"net/http"
	"net/netip"
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

func isLoopback(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	if n := len(host); n > 2 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}
