package forwarded_test

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"roster/internal/forwarded"
)

var proxies = forwarded.Proxies{
	netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("127.0.0.1/32"), netip.MustParsePrefix("2001:db8:f::/48"),
}

const peer = "10.0.0.1"

func clientOf(h http.Header) string {
	return proxies.Client(netip.MustParseAddr(peer), h).String()
}

func TestClient(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		list, elements []string // the lines of X-Forwarded-For and of Forwarded
		want           string
	}{
		"no header": {nil, nil, peer},

		"one client":                             {[]string{"203.0.113.7"}, nil, "203.0.113.7"},
		"a client behind two proxies":            {[]string{"203.0.113.7, 10.0.0.2"}, nil, "203.0.113.7"},
		"a client that names another":            {[]string{"198.51.100.1, 203.0.113.7"}, nil, "203.0.113.7"},
		"a client that names a proxy":            {[]string{"10.0.0.9, 203.0.113.7, 10.0.0.2"}, nil, "203.0.113.7"},
		"proxies only":                           {[]string{"10.0.0.3, 10.0.0.2"}, nil, "10.0.0.3"},
		"several lines":                          {[]string{"198.51.100.1", "203.0.113.7", "10.0.0.2,10.0.0.3"}, nil, "203.0.113.7"},
		"with a port":                            {[]string{"203.0.113.7:4711"}, nil, "203.0.113.7"},
		"IPv6":                                   {[]string{"2001:db8::7"}, nil, "2001:db8::7"},
		"IPv6 in brackets":                       {[]string{"[2001:db8::7]"}, nil, "2001:db8::7"},
		"IPv6 with a port, behind an IPv6 proxy": {[]string{"[2001:db8::7]:4711, 2001:db8:f::2"}, nil, "2001:db8::7"},
		"IPv6 with a zone":                       {[]string{"fe80::7%eth0"}, nil, "fe80::7"},
		"IPv4 mapped to IPv6":                    {[]string{"::ffff:203.0.113.7"}, nil, "203.0.113.7"},
		"a proxy mapped to IPv6":                 {[]string{"203.0.113.7, ::ffff:10.0.0.2"}, nil, "203.0.113.7"},
		"tabs and spaces":                        {[]string{"\t203.0.113.7 ,\t10.0.0.2 "}, nil, "203.0.113.7"},
		"unknown":                                {[]string{"203.0.113.7, unknown"}, nil, peer},
		"unknown behind another proxy":           {[]string{"unknown, 10.0.0.2"}, nil, "10.0.0.2"},
		"a Unix socket":                          {[]string{"203.0.113.7, unix:"}, nil, peer},
		"empty":                                  {[]string{""}, nil, peer},
		"an empty end":                           {[]string{"203.0.113.7,"}, nil, peer},
		"an empty line":                          {[]string{"203.0.113.7", ""}, nil, peer},
		"garbage":                                {[]string{"\x00;'\"--, 1.2.3.4.5"}, nil, peer},
		"garbage of the client":                  {[]string{"\x00\",[,,:::, 203.0.113.7"}, nil, "203.0.113.7"},
		"an open bracket":                        {[]string{"[2001:db8::7"}, nil, peer},
		"IPv4 in brackets":                       {[]string{"[203.0.113.7]"}, nil, peer},
		"something behind a bracket":             {[]string{"[2001:db8::7]x"}, nil, peer},
		"a leading zero":                         {[]string{"203.0.113.07"}, nil, peer},
		"a chain without an end":                 {[]string{"203.0.113.7" + strings.Repeat(", 10.0.0.2", 20_000)}, nil, "10.0.0.2"},

		"an element":                          {nil, []string{"for=203.0.113.7"}, "203.0.113.7"},
		"an element of several parameters":    {nil, []string{`proto=https; For="203.0.113.7:4711";by=_proxy;host="a,b;c"`}, "203.0.113.7"},
		"an element of IPv6":                  {nil, []string{`for="[2001:db8::7]:4711"`}, "2001:db8::7"},
		"an element with a hidden port":       {nil, []string{`for="[2001:db8::7]:_port"`}, "2001:db8::7"},
		"an element that should be quoted":    {nil, []string{"for=[2001:db8::7]:4711, for=10.0.0.2:80"}, "2001:db8::7"},
		"an escaped address":                  {nil, []string{`for="\2\03.0.113.7"`}, "203.0.113.7"},
		"elements":                            {nil, []string{"for=198.51.100.1, for=203.0.113.7;proto=http , for=10.0.0.2"}, "203.0.113.7"},
		"elements in several lines":           {nil, []string{"for=198.51.100.1", "for=203.0.113.7", "for=10.0.0.2"}, "203.0.113.7"},
		"an unknown element":                  {nil, []string{"for=203.0.113.7, for=unknown"}, peer},
		"a hidden element":                    {nil, []string{"for=203.0.113.7, for=_hidden, for=10.0.0.2"}, "10.0.0.2"},
		"an element without for":              {nil, []string{"for=203.0.113.7, proto=https"}, peer},
		"an element with two for":             {nil, []string{"for=203.0.113.7;for=10.0.0.9"}, peer},
		"an empty element":                    {nil, []string{"for=203.0.113.7,"}, peer},
		"a quotation of the client":           {nil, []string{`for="198.51.100.1, for=203.0.113.7`}, peer},
		"a quotation of the client in a line": {nil, []string{`for="198.51.100.1`, "for=203.0.113.7"}, "203.0.113.7"},
		"a quotation that ends with \\":       {nil, []string{`for="203.0.113.7\`}, peer},
		"no value":                            {nil, []string{"for=", "for"}, peer},
		"no grammar":                          {nil, []string{"for=203.0.113.7 for=10.0.0.2"}, peer},
		"not the parameter":                   {nil, []string{"xfor=203.0.113.7;forx=203.0.113.8"}, peer},
		"no token":                            {nil, []string{"(for)=203.0.113.7"}, peer},

		"both alike":      {[]string{"203.0.113.7"}, []string{`for="203.0.113.7:1"`}, "203.0.113.7"},
		"both differ":     {[]string{"203.0.113.7"}, []string{"for=198.51.100.1"}, peer},
		"one is empty":    {[]string{"203.0.113.7"}, []string{""}, peer},
		"one is unusable": {[]string{"203.0.113.7"}, []string{`for="`}, peer},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got := clientOf(http.Header{"X-Forwarded-For": tc.list, "Forwarded": tc.elements}); got != tc.want {
				t.Errorf("the client of %q and %q is %s, want %s", tc.list, tc.elements, got, tc.want)
			}
		})
	}
}

func TestProxiesContain(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]bool{
		"10.1.2.3": true, "::ffff:10.1.2.3": true, "127.0.0.1": true, "127.0.0.2": false, "2001:db8:f::1": true, "2001:db8:f::1%eth0": true, "2001:db8:e::1": false,
	} {
		if got := proxies.Contain(netip.MustParseAddr(address)); got != want {
			t.Errorf("%s is a proxy: %v", address, got)
		}
	}
	if (forwarded.Proxies{}).Contain(netip.MustParseAddr("10.0.0.1")) || proxies.Contain(netip.Addr{}) {
		t.Error("an unknown address is a proxy")
	}
}

// Whatever a client sends, its address is the one from which the first proxy has its request.
func TestClientsCannotChooseTheirAddress(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		var client netip.Addr
		if rapid.Bool().Draw(t, "IPv6") {
			client = netip.MustParseAddr(fmt.Sprintf("2001:db8::%x", rapid.IntRange(1, 0xffff).Draw(t, "client")))
		} else {
			client = netip.AddrFrom4([4]byte{203, 0, 113, rapid.Byte().Draw(t, "client")})
		}
		name := rapid.SampledFrom([]string{"X-Forwarded-For", "Forwarded"}).Draw(t, "field")
		write := func(address netip.Addr) string {
			text := address.String()
			if address.Is6() && (name == "Forwarded" || rapid.Bool().Draw(t, "brackets")) {
				text = "[" + text + "]"
			}
			if (address.Is4() || text[0] == '[') && rapid.Bool().Draw(t, "port") {
				text += ":4711"
			}
			if name == "Forwarded" {
				return `for="` + text + `"`
			}
			return text
		}
		h := http.Header{}
		sent := rapid.SliceOfN(rapid.OneOf(rapid.String(), rapid.StringMatching(`(for=)?"?(10\.0\.0\.[0-9]|198\.51\.100\.[0-9]|unknown)"?[,; ]?`)), 0, 3)
		for _, line := range sent.Draw(t, "sent by the client") {
			h.Add(name, line)
		}
		added := []string{write(client)}
		for range rapid.IntRange(0, 3).Draw(t, "proxies before the last") {
			added = append(added, write(netip.AddrFrom4([4]byte{10, 0, 0, rapid.Byte().Draw(t, "proxy")})))
		}
		switch rapid.IntRange(0, 2).Draw(t, "how they add") {
		case 0:
			h.Add(name, strings.Join(added, ", "))
		case 1:
			for _, one := range added {
				h.Add(name, one)
			}
		default: // to the last line, in which they cannot be told apart if the client leaves a quotation open
			if lines := h[name]; len(lines) > 0 && !strings.ContainsAny(lines[len(lines)-1], "\"\\ \t=();/:<>?@[]{}") {
				lines[len(lines)-1] += ", " + strings.Join(added, ", ")
			} else {
				h.Add(name, strings.Join(added, ", "))
			}
		}
		got := proxies.Client(netip.MustParseAddr(peer), h)
		if got != client && !(name == "Forwarded" && proxies.Contain(got)) {
			t.Fatalf("the client of %q is %s, want %s", h, got, client)
		}
	})
}

// No header is a reason to fail, and nothing but an address of the headers or the peer comes out.
func FuzzClient(f *testing.F) {
	f.Add("203.0.113.7, 10.0.0.2", `for="[2001:db8::7]:4711";proto=https`)
	f.Add("", "")
	f.Add("unknown, ::ffff:10.0.0.2", `for="\"`)
	f.Fuzz(func(t *testing.T, list, elements string) {
		for _, h := range []http.Header{
			{"X-Forwarded-For": {list}}, {"Forwarded": {elements}}, {"X-Forwarded-For": {list, list}, "Forwarded": {elements, elements}},
		} {
			got := proxies.Client(netip.MustParseAddr(peer), h)
			if !got.IsValid() || got.Is4In6() || got.Zone() != "" {
				t.Errorf("the client of %q is %v", h, got)
			}
		}
	})
}
