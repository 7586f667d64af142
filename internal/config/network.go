package config

import (
	"fmt"
	"net/netip"
)

// networks parses networks and single addresses.
func (d *decoder) networks(given []string, path string) []netip.Prefix {
	var all []netip.Prefix
	for i, text := range given {
		sub := fmt.Sprintf("%s[%d]", path, i)
		if d.faulty(sub) {
			continue
		}
		network, err := netip.ParsePrefix(text)
		if address, single := netip.ParseAddr(text); single == nil && address.Zone() == "" {
			network, err = netip.PrefixFrom(address, address.BitLen()), nil
		}
		if mapped := network.Addr(); mapped.Is4In6() && network.Bits() >= 96 {
			network = netip.PrefixFrom(mapped.Unmap(), network.Bits()-96)
		}
		if err != nil || network.Masked().Addr() != network.Addr() {
			d.fault(sub, "must be an address or a network, such as 10.0.3.7, 10.0.3.0/24 or 2001:db8:3::/64")
			continue
		}
		all = append(all, network)
	}
	return all
}
