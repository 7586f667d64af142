package config

import (
	"fmt"
	"reflect"
	"time"

	"roster/connectors"
)

// Config is all that the operator decides, checked and complete.
type Config struct {
	Listen string
	// TLS is nil if the server speaks in clear.
	TLS    *TLS
	Access Access
	// IdleAfter is how long after the last query the background reading goes on.
	IdleAfter time.Duration
	// FirstWait is how long a query waits for data that is absent or far too old, MaxWait for newer data that it asked for.
	FirstWait, MaxWait time.Duration
	// DrainDelay is how long requests are still taken after the signal to stop.
	DrainDelay time.Duration
	// SourceErrorsInExtensions tells what sources lack beside an answer's errors, not among them.
	SourceErrorsInExtensions bool
	// Redis is nil if there is none.
	Redis *Redis
	// CacheDir is empty if there is none.
	CacheDir string
	Writes   Writes
	// CredentialsDir is where tokens that are renewed are kept; empty for Redis.
	CredentialsDir string
	Identity       Identity
	// Precedence gives for a field of a person, by its key in the file, the sources whose value is preferred. Those not named follow.
	Precedence map[string][]string
	Admin      Admin
	Log        Log
	Tracing    Tracing
	Sources    []Source
	Cache      Cache
	Limits     Limits
	// TrustedDocuments is nil if all documents may run.
	TrustedDocuments *TrustedDocuments
	// PersistedQueries lets clients send hashes of documents in their place.
	PersistedQueries bool
	// Introspection lets clients ask for the schema.
	Introspection bool
	Federation    Federation
	// Origins are those whose pages may use the graph, such as https://people.example.com.
	Origins []string
}

// Federation says how the graph is presented.
type Federation struct {
	Prefix             string
	SecurityDirectives bool
}

// Writes says how sources are changed, and what is remembered of that.
type Writes struct {
	Dir         string        // empty for Redis, or the memory
	SettleAfter time.Duration // see writes.Options
	ShowFor     time.Duration // see writes.LedgerOptions
	AuditValues bool
}

// Identity says who is one person where addresses do not tell.
type Identity struct {
	Link, Split [][]connectors.Ref
	// SharedMailboxes are local parts in lower case; nil for the usual ones.
	SharedMailboxes []string
}

// TLS names what the server shows to clients, and by whom their own certificates must be signed, if by anybody.
type TLS struct{ CertFile, KeyFile, ClientCAFile string }

// TrustedDocuments say which documents may run.
type TrustedDocuments struct {
	File    string
	Enforce bool
}

// Source is one upstream and how to read it.
type Source struct {
	connectors.Config
	EmailTrust connectors.Trust
	// PropagateTrace sends the source where in a trace a call belongs.
	PropagateTrace bool
	// MaxPause is how long the source is left alone at most because it says so; 0 means connectors.MaxPause.
	MaxPause time.Duration
	// Collections are those to read.
	Collections map[connectors.Collection]Collection
}

// Collection is how fresh a collection is to be.
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
}

// Listen overrides listen; an empty address leaves it to the file.
func Listen(addr string) Option { return func(o *overrides) { o.listen = addr } }

// ServeEveryone lets the server listen where others can reach it although nobody is asked who they are.
func ServeEveryone(yes bool) Option { return func(o *overrides) { o.everyone = yes } }

func load(data []byte, env func(string) (string, bool), read func(string) ([]byte, error), opts ...Option) (*Config, error) {
	root, fault := parseDocument(data)
	if fault != nil {
		return nil, Faults{*fault}
	}
	var over overrides
	for _, opt := range opts {
		opt(&over)
	}
	d := newDecoder(env, read)
	var file rootFile
	d.mapping(root, "", reflect.ValueOf(&file).Elem(), "")
	if d.nodes > maxNodes {
		return nil, Faults{{Message: fmt.Sprintf("more than %d values, counting what aliases repeat", maxNodes)}}
	}
	c := d.check(&file, over)
	if len(d.faults) > 0 {
		d.nameSources(file.Sources)
		d.faults.sort()
		return nil, d.faults
	}
	return c, nil
}
