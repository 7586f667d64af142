package config

import (
	"cmp"
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for containers without time zone data

	"github.com/nyaruka/phonenumbers"

	"roster/connectors"
)

var trusts = map[string]connectors.Trust{
	"verified": connectors.TrustVerified, "asserted": connectors.TrustAsserted, "none": connectors.TrustNone,
}

// trustName returns the name of a level of trust.
func trustName(t connectors.Trust) string {
	for name, trust := range trusts {
		if t != connectors.TrustNone && trust == t {
			return name
		}
	}
	return "asserted"
}

// plain returns the parts of the configuration that are copied from the file unchanged.
func plain(f *rootFile) *Config {
	return &Config{
		IdleAfter: f.IdleAfter, FirstWait: f.FirstWait, MaxWait: f.MaxWait, DrainDelay: f.DrainDelay, SourceErrorsInExtensions: f.SourceErrs == "extensions",
		Introspection: f.Introspection, Cache: f.Cache, Changes: f.Changes, Limits: f.Limits, PersistedQueries: f.PersistedQueries, Writes: Writes(f.Writes), Log: Log(f.Log),
	}
}

// check makes the configuration from the decoded file, and reports the faults that concern several settings.
func (d *decoder) check(f *rootFile, over overrides) *Config {
	c := plain(f)
	if !d.inFile("limits.caller_operations") { // the default must not exceed the share of a small limits.operations
		c.Limits.CallerOperations = min(c.Limits.CallerOperations, max(1, c.Limits.Operations*c.Limits.CallerShare/100))
	}
	if one, all := f.Limits.AnswerBytes, f.Limits.PendingAnswerBytes; one > all && !d.faulty("limits.answer_bytes") && !d.faulty("limits.pending_answer_bytes") {
		d.fault("limits.answer_bytes", "is more than limits.pending_answer_bytes, %d, which all answers have together", all)
	}
	c.Access = d.access(&f.Access, &f.Limits)
	c.Access.Everyone = over.everyone
	guarded := over.everyone || c.Access.Authenticates()
	c.TrustedProxies = d.networks(f.TrustedProxies, "trusted_proxies")
	c.Listen = f.Listen
	d.listen(f.Listen, "listen", guarded)
	if over.listen != "" {
		c.Listen = over.listen
		d.listen(over.listen, "--listen", guarded)
	}
	if len(f.Sources) == 0 && d.inFile("sources") && !d.faulty("sources") {
		d.fault("sources", "at least one source is required")
	}
	names := make(map[string]bool)
	guard := d.guard(&f.Guard)
	for i := range f.Sources {
		path := fmt.Sprintf("sources[%d]", i)
		if f.Sources[i].Kind == "" && f.Sources[i].Name == "" && d.faulty(path) { // not a mapping: one fault is enough
			continue
		}
		c.Sources = append(c.Sources, d.source(&f.Sources[i], path, names, guard, f.MaxPause))
	}
	c.Admin, c.Tracing = d.admin(&f.Admin), d.tracing(&f.Tracing)
	c.Redis = d.redis(f.Redis)
	if c.CacheDir = f.CacheDir; c.CacheDir != "" && c.Redis != nil {
		d.fault("cache_dir", notWithRedis)
	}
	if c.Writes.Dir != "" && c.Redis != nil {
		d.fault("writes.dir", notWithRedis)
	}
	c.CredentialsDir = f.CredentialsDir
	d.tokensHaveAPlace(c)
	if c.Identity = d.identity(&f.Identity, names); c.Identity.Dir != "" && c.Redis != nil {
		d.fault("identity.dir", notWithRedis)
	}
	c.Identity.Anchors = d.anchors(f.Identity.Anchors, c.Sources)
	d.customFields(f.CustomFields, c)
	c.Identity.Authority = d.authority(f.Identity.Authority, c.Sources, names)
	c.Precedence = d.precedence(&f.Precedence, names)
	c.Webhooks = d.webhooks(f.Webhooks, names)
	if f.TLS != nil {
		c.TLS = (*TLS)(f.TLS)
		if over.readTLS != nil {
			d.tls(f.TLS, over.readTLS)
		}
		d.secretFiles = append(d.secretFiles, SecretFile{"tls.key_file", f.TLS.KeyFile})
	}
	if !over.everyone { // without authentication, encryption protects nothing
		d.plaintext(c.Listen, f)
	}
	c.Federation = d.federation(&f.Federation, &c.Access)
	if t := f.TrustedDocuments; t != nil {
		c.TrustedDocuments = &TrustedDocuments{File: t.File, Enforce: t.Mode != "warn"}
	}
	if over.readTLS != nil {
		d.onDisk(c)
	}
	for i, origin := range f.CORS.Origins {
		d.origin(origin, fmt.Sprintf("cors.origins[%d]", i))
	}
	c.Origins, c.SecretFiles = f.CORS.Origins, d.secretFiles
	return c
}

// notWithRedis is the fault of a directory for what Redis stores.
const notWithRedis = "cannot be used together with redis: remove one of the two"

// origin checks that an origin is written as browsers write it, because origins are compared as text.
func (d *decoder) origin(origin, path string) {
	u, err := url.Parse(origin)
	switch {
	case d.faulty(path):
	case origin == "*":
		d.fault(path, "must not be *, because the pages of every site could then read what their visitors may read: list each origin, such as https://people.example.com")
	case err != nil || u.Hostname() == "" || u.Scheme != "https" && u.Scheme != "http" || origin != strings.ToLower(u.Scheme+"://"+u.Host) ||
		u.Scheme == "https" && u.Port() == "443" || u.Scheme == "http" && u.Port() == "80":
		d.fault(path, "must be an origin as browsers write it: in lower case, without a path, a slash at the end or the default port, such as https://people.example.com")
	}
}

// listen checks the form of an address, and that it is a loopback address unless callers are authenticated.
func (d *decoder) listen(addr, path string, guarded bool) {
	if host, ok := d.hostPort(addr, path); ok && !guarded && !loopback(host) {
		d.fault(path, beyondLoopback+howToServeEveryone)
	}
}

// hostAndPort is the fault of an address without host and port, such as a number.
const hostAndPort = "must be host:port, such as 127.0.0.1:8080 (this machine only), [::1]:8080 (the same over IPv6) or :8080 (all network interfaces)"

// isAddress reports whether a setting is the address of a listener.
func isAddress(path string) bool { return path == "listen" || path == "admin.listen" }

// hostPort checks the address of a listener. It returns false if the address has no host.
func (d *decoder) hostPort(addr, path string) (host string, ok bool) {
	if d.faulty(path) {
		return "", false
	}
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		d.fault(path, hostAndPort)
		return "", false
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		d.fault(path, "the port must be a number from 0 to 65535")
	}
	return host, true
}

// plaintext refuses an address beyond loopback without TLS, unless insecure_plaintext allows it.
func (d *decoder) plaintext(addr string, f *rootFile) {
	host, _, err := net.SplitHostPort(addr)
	if err != nil || loopback(host) || f.TLS != nil || f.InsecurePlaintext || d.faulty("listen") || d.faulty("--listen") {
		return
	}
	d.fault("listen", "is beyond loopback: it needs tls, or insecure_plaintext: true if a proxy terminates TLS")
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback()
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,62}$`)

func (d *decoder) source(f *sourceFile, path string, names map[string]bool, guard collectionGuard, maxPause time.Duration) Source {
	s := Source{Config: connectors.Config{
		Name: f.Name, Kind: connectors.KindName(f.Kind), URL: f.URL, Settings: f.Settings,
		Timeout: f.Timeout, Retries: &f.Retries, PhoneRegion: f.PhoneRegion, Raw: f.Raw,
		Bounds: connectors.Bounds{Bytes: f.MaxBytes, Ratio: f.MaxRatio, Rows: f.MaxRows},
	}}
	kind := connectors.KindNamed(s.Kind)
	if !d.faulty(path + ".name") {
		switch {
		case !nameForm.MatchString(f.Name):
			d.fault(path+".name", "must have only lower-case letters, digits and hyphens, at most 63 characters, and not begin with a hyphen")
		case names[f.Name]:
			d.fault(path+".name", "another source has this name")
		}
		names[f.Name] = true
	}
	switch {
	case kind != nil && kind.NoURL && d.given(path+".url"):
		d.fault(path+".url", "a source of kind %s has no address: leave it out", kind.Name)
	case kind != nil && kind.NoURL, d.faulty(path + ".url"):
	default:
		d.url(f.URL, path+".url", f.InsecureHTTP)
	}
	if kind != nil && f.Raw && kind.NeverShown == nil {
		d.fault(path+".raw", "a source of kind %s does not keep what it says: leave it out", kind.Name)
	}
	if kind != nil && f.Settings != nil {
		d.ofKind(kind, f, path)
	}
	if f.TimeZone != "" && !d.faulty(path+".time_zone") {
		zone, err := time.LoadLocation(f.TimeZone)
		if err != nil || f.TimeZone == "Local" {
			d.fault(path+".time_zone", "must be the name of a time zone, such as Europe/Kyiv")
		}
		s.TimeZone = zone
	}
	if f.PhoneRegion != "" && !phonenumbers.GetSupportedRegions()[f.PhoneRegion] {
		d.fault(path+".phone_region", "must be the two capital letters of a country, such as UA")
	}
	if r := f.RateLimit; r != nil {
		s.RateLimit = &connectors.RateLimit{Calls: r.Calls, Per: r.Per, Parallel: r.Parallel}
	}
	s.Hooks = d.hooks(f, path+".hooks")
	s.MaxPause = cmp.Or(f.MaxPause, maxPause)
	s.EmailTrust, s.PropagateTrace = trusts[f.EmailTrust], f.PropagateTrace
	s.Collections = d.readable(f, path+".collections", guard)
	return s
}

// ofKind runs the checks of the kind itself, which concern several settings.
func (d *decoder) ofKind(kind *connectors.Kind, f *sourceFile, path string) {
	v := reflect.ValueOf(f.Settings).Elem()
	for _, field := range kindFields(kind) {
		if field.or != "" {
			d.oneOf(path, field.key, field.or)
		}
		if o, ok := v.Field(field.index).Interface().(*connectors.OAuth); ok && o != nil {
			d.oauth(o, path+"."+field.key, f.InsecureHTTP, field.needs[string(kind.Name)])
		}
	}
	if c, ok := f.Settings.(interface {
		Check() []connectors.SettingFault
	}); ok {
		for _, fault := range c.Check() {
			if sub := path + "." + fault.Key; !d.faulty(sub) {
				d.fault(sub, "%s", fault.Message)
			}
		}
	}
}

func (d *decoder) url(raw, path string, insecure bool) {
	u, err := url.Parse(raw)
	switch {
	case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
		d.fault(path, "must be a full URL, such as https://chat.example.com")
	case u.User != nil || u.RawQuery != "" || u.ForceQuery || strings.Contains(raw, "#"):
		d.fault(path, "must not contain a user, ? or #: credentials have settings of their own")
	case u.Scheme == "http" && !insecure && !loopback(u.Hostname()):
		d.fault(path, "must begin with https://, or the credential is sent unencrypted; insecure_http: true allows that")
	}
}

// collectionGuard is the default guard of all collections.
type collectionGuard struct {
	maxLoss     int
	acceptAfter time.Duration
}

func (d *decoder) guard(f *guardFile) collectionGuard {
	return collectionGuard{d.percentage(f.MaxLoss, "guard.max_loss"), f.AcceptAfter}
}

var percentForm = regexp.MustCompile(`^([1-9][0-9]?|100)%$`)

// percentage parses a percentage; 0 if the text is empty.
func (d *decoder) percentage(text, path string) int {
	if text == "" {
		return 0
	}
	if !percentForm.MatchString(text) {
		d.fault(path, "must be a percentage from 1%% to 100%%, such as 30%%")
		return 0
	}
	n, _ := strconv.Atoi(strings.TrimSuffix(text, "%"))
	return n
}

// freshForKey is the key of fresh_for, for which kinds have defaults of their own.
const freshForKey = "fresh_for"

// readable returns the collections to fetch: those that the kind has, except those that are set to false.
func (d *decoder) readable(f *sourceFile, path string, guard collectionGuard) map[connectors.Collection]Collection {
	kind := connectors.KindNamed(connectors.KindName(f.Kind))
	if kind == nil {
		return nil
	}
	has := kind.Has(f.Settings)
	read := make(map[connectors.Collection]Collection)
	for _, c := range connectors.AllCollections {
		if sub := path + "." + c.String(); d.inFile(sub) && !slices.Contains(has, c) {
			switch kind.Collection(c) {
			case nil:
				d.fault(sub, "%s has no such collection", f.Kind)
			default:
				d.fault(sub, "this source has no such collection, by its other settings")
			}
		}
	}
	for _, c := range has {
		settings, on := f.Collections[c]
		if !on {
			continue
		}
		sub := path + "." + c.String()
		says := kind.Collection(c)
		if says.FreshFor > 0 && !d.given(sub+"."+freshForKey) {
			settings.FreshFor = says.FreshFor
		}
		if !d.faulty(sub) {
			if settings.FreshFor < settings.MinInterval {
				d.fault(sub+".fresh_for", "is shorter than min_interval: data that is fetched so rarely cannot be that fresh")
			}
			if settings.KeepFor < settings.FreshFor {
				d.fault(sub+".keep_for", "is shorter than fresh_for")
			}
		}
		if full := sub + ".full_every"; d.inFile(full) && !says.Incremental {
			d.fault(full, "is for %s only: all other collections are always fetched in full", incremental())
		}
		read[c] = Collection{FreshFor: settings.FreshFor, KeepFor: settings.KeepFor, MinInterval: settings.MinInterval, FullEvery: settings.FullEvery,
			MaxLoss:     cmp.Or(d.percentage(settings.Guard.MaxLoss, sub+".guard.max_loss"), guard.maxLoss),
			AcceptAfter: cmp.Or(settings.Guard.AcceptAfter, guard.acceptAfter)}
	}
	if len(read) == 0 && !d.faulty(path) {
		d.fault(path, "no collection is left to fetch: leave the source out instead")
	}
	return read
}

// precedence returns the order of the sources for each field that has one, by the key of the field.
func (d *decoder) precedence(f *precedenceFile, names map[string]bool) map[string][]string {
	orders := make(map[string][]string)
	v := reflect.ValueOf(f).Elem()
	for _, field := range fieldsOf(v.Type()) {
		order, _ := v.Field(field.index).Interface().([]string)
		path := "precedence." + field.key
		for i, name := range order {
			sub := fmt.Sprintf("%s[%d]", path, i)
			switch {
			case d.faulty(sub):
			case !names[name]:
				d.noSource(name, sub, names)
			case slices.Contains(order[:i], name):
				d.fault(sub, "given twice")
			}
		}
		if len(order) > 0 {
			orders[field.key] = order
		}
	}
	return orders
}
