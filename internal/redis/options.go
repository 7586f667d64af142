package redis

import (
	"cmp"
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

// Options configure the connection to Redis and its use.
type Options struct {
	// URL names a single server, such as redis://127.0.0.1:6379/0 or rediss://….
	URL string
	// Addrs are the nodes of a Cluster, or with MasterName the Sentinels. Then URL is empty.
	Addrs      []string
	MasterName string
	// Username and Password are the credentials of Redis. They override those of the URL. Sentinels have their own.
	Username         string
	Password         connectors.Secret
	SentinelUsername string
	SentinelPassword connectors.Secret
	// TLS is for Addrs, and for a URL that begins with rediss. With Addrs, nil disables TLS. With a URL, nil selects the system's authorities.
	TLS *tls.Config
	// Prefix is the prefix of every key; the default is roster:.
	Prefix string
	// Key encrypts the stored data; an empty key disables encryption.
	Key []byte
	// These are options of the client. Zero selects the client's default, but 1 s for DialTimeout, and 3 s for ReadTimeout and WriteTimeout.
	PoolSize                               int
	DialTimeout, ReadTimeout, WriteTimeout time.Duration
	// CallTimeout bounds a call that transfers no parts, including connecting and retries; the default is 1 s.
	CallTimeout time.Duration
	// LeaseFor is how long a lease lasts without renewal; the default is 15 s.
	LeaseFor time.Duration
	// HeartbeatEvery is the time between two heartbeats of a replica for the budgets; the default is 2 s. All replicas must have the same value.
	HeartbeatEvery time.Duration
	// Logger receives messages of the connection's state and of what Redis does not permit.
	Logger *slog.Logger
}

const (
	defaultPrefix = "roster:"
	defaultCall   = time.Second
	defaultLease  = 15 * time.Second
	defaultDial   = time.Second
	defaultSocket = 3 * time.Second
)

// discardLogger keeps the client from writing to standard error. The breaker already logs such failures in one line.
type discardLogger struct{}

func (discardLogger) Printf(context.Context, string, ...any) {}

var disableClientLog = sync.OnceFunc(func() { redis.SetLogger(discardLogger{}) })

// client returns a client, which connects when it is first used. An error contains no part of the URL.
func (o *Options) client() (client redis.UniversalClient, cluster bool, err error) {
	disableClientLog()
	u := &redis.UniversalOptions{
		Addrs: o.Addrs, MasterName: o.MasterName, IsClusterMode: o.MasterName == "", TLSConfig: o.TLS, Username: o.Username,
		Password: o.Password.Reveal(), SentinelUsername: o.SentinelUsername, SentinelPassword: o.SentinelPassword.Reveal(),
	}
	if o.URL != "" {
		parsed, err := redis.ParseURL(o.URL)
		if err != nil {
			return nil, false, errors.New("redis.url is not a URL of Redis: write one such as redis://127.0.0.1:6379/0")
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
		return nil, false, errors.New("redis.url or redis.addrs must name Redis: write one such as url: redis://127.0.0.1:6379/0")
	}
	u.ContextTimeoutEnabled = true // otherwise the client ignores deadlines
	u.DialTimeout, u.ReadTimeout, u.WriteTimeout = cmp.Or(o.DialTimeout, defaultDial), cmp.Or(o.ReadTimeout, defaultSocket), cmp.Or(o.WriteTimeout, defaultSocket)
	u.PoolSize = o.PoolSize
	// This package retries failed calls itself, over a longer time than a connection would.
	u.MaxRetries, u.DialerRetries = 1, 1
	u.MaintNotificationsConfig = &maintnotifications.Config{Mode: maintnotifications.ModeDisabled}
	return redis.NewUniversalClient(u), u.IsClusterMode, nil
}
