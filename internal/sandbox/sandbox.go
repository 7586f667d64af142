package sandbox

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"slices"
	"time"
	_ "time/tzdata" // a small container has no time zones of its own

	"roster/connectors"
	altcraft "roster/connectors/altcraft/fake"
	"roster/connectors/faults"
	kommo "roster/connectors/kommo/fake"
	_ "roster/connectors/registry" // the kinds' settings
	rocketchat "roster/connectors/rocketchat/fake"
	worksection "roster/connectors/worksection/fake"
)

// The credentials that the fakes take. They open nothing but invented data.
const (
	worksectionKey  = "sandbox-worksection-key"
	kommoToken      = "sandbox-kommo-token"    //nolint:gosec // see above
	altcraftToken   = "sandbox-altcraft-token" //nolint:gosec // see above
	rocketChatToken = "sandbox-rocketchat-token"
)

// DefaultPeople is the size of a company unless said.
const DefaultPeople = 1000

// The company is at home here: dates without a zone are in this one, and numbers without a country code are of this region.
const (
	zoneName = "Europe/London"
	region   = "GB"
)

var zone = mustZone(zoneName)

func mustZone(name string) *time.Location {
	z, err := time.LoadLocation(name)
	if err != nil {
		panic(err) // the zones are part of the program
	}
	return z
}

// Options say which company to serve, and how.
type Options struct {
	People int    // 0 means DefaultPeople
	Seed   uint64 // which company of that size
	// Limits has the fakes refuse what the vendors refuse, and leaves the connectors' own limits as they are. Without it everything is as
	// fast as the machine.
	Limits bool
	// Without are systems that are down: they answer every call with 503.
	Without []connectors.KindName
	Listen  string           // empty means a free port of 127.0.0.1
	Now     func() time.Time // for presence; nil means time.Now
	// Listener serves in the place of Listen, with TLS, which is for tests, where that is given.
	Listener net.Listener
	TLS      *tls.Config
}

// Sandbox is a running company.
type Sandbox struct {
	Company *Company
	// The fakes, to look into and to change what they hold. Worksection, Kommo and so on are nil unless served.
	Worksection *worksection.Server
	Kommo       *kommo.Server
	Altcraft    *altcraft.Server
	RocketChat  *rocketchat.Server

	gone   []worksection.User // users whom Stir has removed
	limits bool
	addr   string
	urls   map[connectors.KindName]string
	faults map[connectors.KindName]*faults.Handler
	server *http.Server
	served chan error
}

// Start serves all four systems on one address, each below a path with the name of its kind. The context bounds the start only.
func Start(ctx context.Context, opt Options) (*Sandbox, error) {
	prefixes := make(map[connectors.KindName]string)
	for _, k := range Kinds {
		prefixes[k] = "/" + string(k)
	}
	return start(ctx, opt, prefixes)
}

// StartOne serves one system of the company alone, at the root of its address, as the system itself would be.
func StartOne(ctx context.Context, kind connectors.KindName, opt Options) (*Sandbox, error) {
	if !slices.Contains(Kinds[:], kind) {
		return nil, errors.New("there is no such kind of source")
	}
	return start(ctx, opt, map[connectors.KindName]string{kind: ""})
}

func start(ctx context.Context, opt Options, prefixes map[connectors.KindName]string) (*Sandbox, error) {
	if opt.People == 0 {
		opt.People = DefaultPeople
	}
	if opt.Listen == "" {
		opt.Listen = "127.0.0.1:0"
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	company, err := NewCompany(opt.Seed, opt.People)
	if err != nil {
		return nil, err
	}
	listener, scheme := opt.Listener, "http"
	if listener == nil {
		if listener, err = (&net.ListenConfig{}).Listen(ctx, "tcp", opt.Listen); err != nil {
			return nil, fmt.Errorf("the sandbox cannot listen: %w", err)
		}
	}
	if opt.TLS != nil {
		listener, scheme = tls.NewListener(listener, opt.TLS), "https"
	}
	s := &Sandbox{
		Company: company, limits: opt.Limits, addr: listener.Addr().String(),
		urls: make(map[connectors.KindName]string), faults: make(map[connectors.KindName]*faults.Handler), served: make(chan error, 1),
	}
	mux := http.NewServeMux()
	for kind, prefix := range prefixes {
		s.urls[kind] = scheme + "://" + s.addr + prefix
		s.faults[kind] = &faults.Handler{Next: s.fake(kind, prefix, opt)}
		if slices.Contains(opt.Without, kind) {
			s.faults[kind].Set(faults.Fault{Effect: faults.Reply(http.StatusServiceUnavailable, faults.Plain("down for maintenance"))})
		}
		mux.Handle(prefix+"/", http.StripPrefix(prefix, s.faults[kind]))
	}
	s.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute}
	go func() { s.served <- s.server.Serve(listener) }()
	return s, nil
}

// fake makes one system of the company.
func (s *Sandbox) fake(kind connectors.KindName, prefix string, opt Options) http.Handler {
	switch kind {
	case Worksection:
		s.Worksection = worksection.New(worksectionData(s.Company, s.urls[kind]), worksection.Options{NoLimits: !opt.Limits})
		return s.Worksection
	case Kommo:
		s.Kommo = kommo.New(kommoData(s.Company), kommo.Options{Prefix: prefix, NoLimits: !opt.Limits})
		return s.Kommo
	case Altcraft:
		s.Altcraft = altcraft.New(altcraftData(s.Company), altcraft.Options{Prefix: prefix, NoLimits: !opt.Limits})
		return s.Altcraft
	default:
		moving := newPresence(s.Company, opt.Now)
		s.RocketChat = rocketchat.New(rocketChatData(s.Company), rocketchat.Options{Prefix: prefix, NoLimits: !opt.Limits, UnsafeQuery: true})
		s.RocketChat.Configure(func(k *rocketchat.Options) {
			k.OnRequest = func(op string, _ int) {
				if op == "users.presence" {
					moving.update(s.RocketChat)
				}
			}
		})
		return s.RocketChat
	}
}

// Addr gives host and port.
func (s *Sandbox) Addr() string { return s.addr }

// Sources gives the sources as a configuration would have them, in the usual order, each named after its kind.
func (s *Sandbox) Sources() []connectors.Config {
	var all []connectors.Config
	for _, k := range Kinds {
		if s.urls[k] == "" {
			continue
		}
		settings, err := connectors.KindNamed(k).SettingsFrom(credentials[k])
		if err != nil {
			panic(err) // credentials are constants
		}
		c := connectors.Config{Name: string(k), Kind: k, URL: s.urls[k], Settings: settings, TimeZone: zone, PhoneRegion: region}
		c.Raw = k == Altcraft // whose rows have no address of this process in them, so that the demo always shows the same
		if !s.limits {
			c.RateLimit = &connectors.RateLimit{} // none
		}
		all = append(all, c)
	}
	return all
}

// Fault gives what breaks that system; nil for one that is not served.
func (s *Sandbox) Fault(kind connectors.KindName) *faults.Handler { return s.faults[kind] }

// Calls counts the calls that came, answered or refused, by system and by the vendor's name for the call.
func (s *Sandbox) Calls() map[connectors.KindName]map[string]int {
	calls := make(map[connectors.KindName]map[string]int)
	for k, f := range s.counters() {
		calls[k] = f.Calls()
	}
	return calls
}

// ResetCalls starts counting anew.
func (s *Sandbox) ResetCalls() {
	for _, f := range s.counters() {
		f.ResetCalls()
	}
}

type counter interface {
	Calls() map[string]int
	ResetCalls()
}

func (s *Sandbox) counters() map[connectors.KindName]counter {
	all := map[connectors.KindName]counter{
		Worksection: s.Worksection, Kommo: s.Kommo, Altcraft: s.Altcraft, RocketChat: s.RocketChat,
	}
	maps.DeleteFunc(all, func(k connectors.KindName, _ counter) bool { return s.urls[k] == "" })
	return all
}

// Close cuts all connections and waits until the address is free.
func (s *Sandbox) Close() error {
	for _, f := range s.faults {
		f.Clear() // what hangs ends
	}
	err := s.server.Close()
	if served := <-s.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	s.served <- http.ErrServerClosed // for whoever closes again
	return err
}
