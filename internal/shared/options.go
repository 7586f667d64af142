package shared

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"roster/connectors"
)

// Options say which Redis to use, and how.
type Options struct {
	// URL names a single server, such as redis://127.0.0.1:6379/0 or rediss://….
	URL string
	// Addrs are nodes of a Cluster, or with MasterName Sentinels; then URL is empty.
	Addrs      []string
	MasterName string
	// Username and Password are Redis's, also where the URL has others. Sentinels have their own.
	Username         string
	Password         connectors.Secret
	SentinelUsername string
	SentinelPassword connectors.Secret
	// TLS is for Addrs, and for a URL that begins with rediss; nil for none, or the system's authorities.
	TLS *tls.Config
	// Prefix begins every key; empty for roster:.
	Prefix string
	// Key encrypts what is stored; empty for none.
	Key []byte
	// The client's own; zero for its defaults, and 1 s for DialTimeout, 3 s for ReadTimeout and WriteTimeout.
	PoolSize                               int
	DialTimeout, ReadTimeout, WriteTimeout time.Duration
	// CallTimeout bounds a call that moves no parts, with all that it takes; zero for 1 s.
	CallTimeout time.Duration
	// LeaseFor is how long the right to read lasts when it is not renewed; zero for 15 s.
	LeaseFor time.Duration
	// PulseEvery is how often a replica says that it is there for the budgets; zero for 2 s. All replicas must have the same.
	PulseEvery time.Duration
	// Logger is told when Redis goes away and comes back, and nothing else.
	Logger *slog.Logger
}

const (
	defaultPrefix = "roster:"
	defaultCall   = time.Second
	defaultLease  = 15 * time.Second
	defaultDial   = time.Second
	defaultSocket = 3 * time.Second
)

// silent keeps the client from writing to standard error what the breaker tells in one line.
type silent struct{}

func (silent) Printf(context.Context, string, ...any) {}

var silence = sync.OnceFunc(func() { redis.SetLogger(silent{}) })

// client makes a client, which connects when it is first used. An error tells no part of the URL.
func (o *Options) client() (client redis.UniversalClient, cluster bool, err error) {
	silence()
	u := &redis.UniversalOptions{
		Addrs: o.Addrs, MasterName: o.MasterName, IsClusterMode: o.MasterName == "", TLSConfig: o.TLS, Username: o.Username,
		Password: o.Password.Reveal(), SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword.Reveal(),
	}
	if o.URL != "" {
		parsed, err := redis.ParseURL(o.URL)
		if err != nil {
			return nil, false, errors.New("the URL of Redis is not understood")
		}
		u.Addrs, u.IsClusterMode, u.DB, u.TLSConfig = []string{parsed.Addr}, false, parsed.DB, parsed.TLSConfig
		if parsed.TLSConfig != nil && o.TLS != nil {
			u.TLSConfig = o.TLS.Clone()
			if u.TLSConfig.ServerName == "" {
				u.TLSConfig.ServerName = parsed.TLSConfig.ServerName
			}
		}
		if o.Username == "" {
			u.Username = parsed.Username
		}
		if o.Password == "" {
			u.Password = parsed.Password
		}
	} else if len(o.Addrs) == 0 {
		return nil, false, errors.New("there is no address of Redis")
	}
	u.ContextTimeoutEnabled = true // without it, a deadline counts for nothing
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout = or(o.DialTimeout, defaultDial), or(o.ReadTimeout, defaultSocket), or(o.WriteTimeout, defaultSocket)
	u.PoolSize = o.PoolSize
	// What fails is tried again here, with more patience than a connection has.
	u.MaxRetries, u.DialerRetries = 1, 1
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(u), u.IsClusterMode, nil
}

func or(d, fallback time.Duration) time.Duration {
	if d <= 0 {
		return fallback
	}
	return d
}
