package config

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"roster/connectors"
)

// Config is a complete and valid configuration.
type Config struct {
	Listen string
	// TLS is nil if the server does not use TLS.
	TLS *TLS
	// TrustedProxies are the networks of the proxies that say who their clients are.
	TrustedProxies []netip.Prefix
	Access         Access
	// IdleAfter is how long after the last query the fetches in the background continue.
	IdleAfter time.Duration
	// FirstWait is how long a query waits for data that is missing or far too old, MaxWait for newer data that it requires.
	FirstWait, MaxWait time.Duration
	// DrainDelay is how long requests are accepted after the signal to stop.
	DrainDelay time.Duration
	// SourceErrorsInExtensions is true if missing data of sources is reported in extensions, not in errors.
	SourceErrorsInExtensions bool
	// Redis is nil if there is none.
	Redis *Redis
	// CacheDir is empty if there is none.
	CacheDir string
	Writes   Writes
	// CredentialsDir is the directory of renewed tokens; empty for Redis.
	CredentialsDir string
	Identity       Identity
	// Precedence has the sources in order of preference for fields of a person, by the key of the field. Other sources follow.
	Precedence map[string][]string
	Admin      Admin
	Log        Log
	Tracing    Tracing
	Sources    []Source
	Cache      Cache
	Changes    Changes
	Webhooks   []Webhook
	Limits     Limits
	// TrustedDocuments is nil if all documents may run.
	TrustedDocuments *TrustedDocuments
	// PersistedQueries allows clients to send the hash of a document instead of the document.
	PersistedQueries bool
	// Introspection allows clients to read the schema.
	Introspection bool
	Federation    Federation
	// Origins are those whose pages may use the graph, such as https://people.example.com.
	Origins []string
	// SecretFiles are the files that hold secrets and private keys.
	SecretFiles []SecretFile
}

// SecretFile is a file with a secret, and the setting that names it.
type SecretFile struct{ Setting, Path string }

// Federation configures the schema for federation routers.
type Federation struct {
	Prefix             string
	SecurityDirectives bool
}

// Writes configures writes to sources, and where their state is stored.
type Writes struct {
	Dir         string        // empty for Redis, or the memory
	SettleAfter time.Duration // see writes.Options
	ShowFor     time.Duration // see writes.LedgerOptions
	AuditValues bool
}

// Anchor is a value that accounts of one person have in common. Fields has the name of the field by source.
type Anchor struct {
	Name   string
	Fields map[string]string
}

// Identity says which accounts are one person, or several, if their addresses do not show it.
type Identity struct {
	Dir         string // for edits; empty for Redis, or none
	Link, Split [][]connectors.Ref
	Authority   string // the name of the source that decides who works here; empty for none
	Anchors     []Anchor
	// SharedMailboxes are local parts in lower case; nil for the usual ones.
	SharedMailboxes []string
}

// TLS has the certificate of the server, and the authorities of client certificates, if they are required.
type TLS struct{ CertFile, KeyFile, ClientCAFile string }

// TrustedDocuments configures which documents are allowed.
type TrustedDocuments struct {
	File    string
	Enforce bool
}

// Source is the configuration of one source.
type Source struct {
	connectors.Config
	EmailTrust connectors.Trust
	// PropagateTrace sends the traceparent header to the source.
	PropagateTrace bool
	// Hooks is nil if webhooks of the source are not accepted.
	Hooks *Hooks
	// MaxPause is the longest pause that the source can ask for; 0 means connectors.MaxPause.
	MaxPause time.Duration
	// Collections are the collections to fetch.
	Collections map[connectors.Collection]Collection
}

// Hooks has the secrets of a source's webhooks: the end of their path, the one before that, and the token in their bodies. The last two may be empty.
type Hooks struct{ Secret, PreviousSecret, Token connectors.Secret }

// Collection configures the fetches of a collection.
type Collection struct {
	FreshFor    time.Duration
	KeepFor     time.Duration
	MinInterval time.Duration
	FullEvery   time.Duration
	MaxLoss     int // in per cent
	AcceptAfter time.Duration
}

// Option overrides a setting from the command line.
type Option func(*overrides)

type overrides struct {
	listen   string
	everyone bool
	file     string
	dir      string
	readTLS  func(string) ([]byte, error) // nil to leave the files of the server's certificate unread, and other files unseen
}

// inFile is the name of the file, for the messages.
func inFile(path string) Option { return func(o *overrides) { o.file = path } }

// readTLS checks the files of the server's certificate too, and whether directories and files that others read are what they should be.
func readTLS(read func(string) ([]byte, error)) Option {
	return func(o *overrides) { o.readTLS = read }
}

// pathsBelow is where relative paths begin.
func pathsBelow(dir string) Option { return func(o *overrides) { o.dir = dir } }

// Listen overrides listen; an empty address leaves it to the file.
func Listen(addr string) Option { return func(o *overrides) { o.listen = addr } }

// ServeEveryone lets the server listen beyond loopback without authentication.
func ServeEveryone(yes bool) Option { return func(o *overrides) { o.everyone = yes } }

func load(data []byte, env func(string) (string, bool), read func(string) ([]byte, error), opts ...Option) (*Config, error) {
	var over overrides
	for _, opt := range opts {
		opt(&over)
	}
	root, fault := parseDocument(data)
	if fault != nil {
		fault.File = over.file
		return nil, Faults{*fault}
	}
	d := newDecoder(env, read)
	d.dir = over.dir
	var file rootFile
	d.mapping(root, "", reflect.ValueOf(&file).Elem(), "")
	if d.nodes > maxNodes {
		return nil, Faults{{File: over.file, Message: fmt.Sprintf("more than %d values, counting what aliases repeat", maxNodes)}}
	}
	c := d.check(&file, over)
	if len(d.faults) > 0 {
		d.nameSources(file.Sources)
		d.faults.sort()
		d.faults.in(over.file)
		return nil, d.faults
	}
	return c, nil
}
