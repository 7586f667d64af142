// Package forwarded finds the address of the client of a request that came through trusted proxies, from X-Forwarded-For and Forwarded (RFC 7239). It is
// pure: it performs no I/O, and knows neither connections nor callers.
package forwarded

import (
	"iter"
	"net/http"
	"net/netip"
	"slices"
	"strings"
)

// Proxies are the networks of the trusted proxies, without IPv4-mapped IPv6 addresses.
type Proxies []netip.Prefix

// Contain reports whether an address is that of a trusted proxy.
func (p Proxies) Contain(address netip.Addr) bool {
	if len(p) == 0 {
		return false
	}
	address = plain(address)
	return slices.ContainsFunc(p, func(of netip.Prefix) bool { return of.Contains(address) })
}

// The header fields, in their canonical form.
const (
	xForwardedFor = "X-Forwarded-For"
	forwarded     = "Forwarded"
)

// maxHops is the number of proxies after which a chain is followed no further.
const maxHops = 64

// Client returns the address of the client of a request that a trusted proxy at the address peer has sent: the rightmost address of the chain that is not a
// trusted proxy's, or the leftmost one if all are. Each proxy adds the address from which it received the request at the right. What is left of the first
// address that is no proxy's came from the client itself, and counts for nothing. If the chain holds something that is no address, the client is the proxy
// that says so: the address is the last one that is known.
//
// If both header fields are present, they have to lead to the same address. Otherwise the client is peer: one of the two came from the client, through a
// proxy that sets only the other one.
func (p Proxies) Client(peer netip.Addr, h http.Header) netip.Addr {
	peer = plain(peer)
	list, elements := h[xForwardedFor], h[forwarded]
	switch {
	case len(elements) == 0:
		return p.follow(peer, list, backwardInList)
	case len(list) == 0:
		return p.follow(peer, elements, backwardInElements)
	}
	client := p.follow(peer, list, backwardInList)
	if client != p.follow(peer, elements, backwardInElements) {
		return peer
	}
	return client
}

// follow follows a chain from its right end. Backward returns the nodes of one line of the header field, the last one first.
func (p Proxies) follow(peer netip.Addr, lines []string, backward func(line string) iter.Seq[string]) netip.Addr {
	at, hops := peer, 0
	for _, line := range slices.Backward(lines) {
		for node := range backward(line) {
			next, ok := addressOf(node)
			if hops++; !ok || hops > maxHops {
				return at
			}
			if at = next; !p.Contain(at) {
				return at
			}
		}
	}
	return at
}

// backwardInList returns the nodes of a line of X-Forwarded-For.
func backwardInList(line string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			comma := strings.LastIndexByte(line, ',')
			if !yield(line[comma+1:]) || comma < 0 {
				return
			}
			line = line[:comma]
		}
	}
}

// addressOf reads an address, with or without brackets and a port. Names such as unknown, unix: or _hidden are no addresses.
func addressOf(node string) (netip.Addr, bool) {
	node = strings.Trim(node, " \t")
	if inner, ok := strings.CutPrefix(node, "["); ok {
		text, port, closed := strings.Cut(inner, "]")
		address, err := netip.ParseAddr(text)
		return plain(address), closed && err == nil && address.Is6() && (port == "" || port[0] == ':')
	}
	if strings.Count(node, ":") == 1 {
		node, _, _ = strings.Cut(node, ":")
	}
	address, err := netip.ParseAddr(node)
	return plain(address), err == nil
}

// plain returns an address without its zone, and as IPv4 if it is mapped to IPv6, so that one address is written in one way.
func plain(address netip.Addr) netip.Addr { return address.Unmap().WithZone("") }
