package webhook

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"slices"
	"syscall"
	"time"
)

// errAddress is the error for an address that a receiver may not have.
var errAddress = errors.New("is not public: if the receiver is there on purpose, add its network to allow_networks")

// reserved are networks that are not of the public internet, beyond those that package netip knows (IANA's registries of special-purpose addresses), and
// public addresses at which clouds serve metadata.
var reserved = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"168.63.129.16/32",                                                          // Azure
	"2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "2620:4f:8000::/48", // beside everything outside of global
)

var (
	// global is what the internet uses of IPv6.
	global = netip.MustParsePrefix("2000::/3")
	// translated has addresses whose last 32 bits are an IPv4 address, which a gateway connects to (RFC 6052).
	translated = netip.MustParsePrefix("64:ff9b::/96")
)

func prefixes(texts ...string) []netip.Prefix {
	all := make([]netip.Prefix, len(texts))
	for i, text := range texts {
		all[i] = netip.MustParsePrefix(text)
	}
	return all
}

// public reports whether an address is one of the public internet.
func public(a netip.Addr) bool {
	if a = a.Unmap(); a.Is6() && translated.Contains(a.WithZone("")) {
		b := a.As16()
		a = netip.AddrFrom4([4]byte(b[12:]))
	}
	switch {
	case !a.IsValid(), a.Zone() != "", a.IsLoopback(), a.IsPrivate(), a.IsLinkLocalUnicast(), a.IsMulticast(), a.IsUnspecified(), a.Is6() && !global.Contains(a):
		return false
	}
	return !slices.ContainsFunc(reserved, func(p netip.Prefix) bool { return p.Contains(a) })
}

// check returns an error unless a connection to the address is allowed.
func check(address string, allowed []netip.Prefix) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return errAddress
	}
	a := at.Addr()
	if public(a) || slices.ContainsFunc(allowed, func(p netip.Prefix) bool { return p.Contains(a.Unmap()) }) {
		return nil
	}
	return fmt.Errorf("the address %s %w", a.Unmap(), errAddress)
}

// dialer returns what connects to a receiver. It looks at the address of each connection when it is made, so that it does not matter what a name had as its
// address before.
func dialer(allowed []netip.Prefix, within time.Duration) *net.Dialer {
	return &net.Dialer{Timeout: within, ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
		if network != "tcp4" && network != "tcp6" {
			return errAddress
		}
		return check(address, allowed)
	}}
}
