package redis

import (
	"cmp"
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/seal"
)

// Client is the connection to Redis: a single server, a server with Sentinels, or a Cluster. It does nothing before Run. Safe for concurrent use.
type Client struct {
	commands    redis.UniversalClient
	cluster     bool
	sealer      *seal.Sealer
	prefix      string
	id          string // the ID of this replica, and the value of its locks
	lease       time.Duration
	callTimeout time.Duration // see Options.CallTimeout
	log         *slog.Logger
	parts       []Part

	membership    atomic.Pointer[Membership]
	ready         chan struct{} // closed when the first probe has ended
	breaker       breaker
	stats         stats
	notifications notifications
	lostAt        atomic.Int64 // when Redis last became unavailable, in nanoseconds since 1970; zero if never
}

// Part is what an adapter adds to the work of a client. Each function may be nil.
type Part struct {
	// Run runs beside the heartbeat until its context ends.
	Run func(ctx context.Context)
	// Probe returns an error if something that the adapter needs is unavailable although Redis answers, such as a part of a Cluster.
	Probe func(ctx context.Context) error
	// Leave deletes what this replica has stored about itself. It is called when Run ends, if Redis is available.
	Leave func(ctx context.Context)
}

// Membership is the membership of the replicas, as this replica last knew it.
type Membership struct {
	// Connected is true while Redis is available.
	Connected bool
	// Size is how many replicas there were when Redis was last available, and Rank the place of this one among them, from 0.
	Size, Rank int
	// Since is when Redis became unavailable, or available again. Zero if it was never unavailable.
	Since time.Time
}

// Open checks the options. It does not connect, so a program can start while Redis is unavailable.
func Open(opt Options) (*Client, error) {
	sealer, err := seal.New(opt.Key)
	if err != nil {
		return nil, err
	}
	commands, cluster, err := opt.client()
	if err != nil {
		return nil, err
	}
	c := &Client{commands: commands, cluster: cluster, sealer: sealer, prefix: cmp.Or(opt.Prefix, defaultPrefix), id: rand.Text(),
		lease: cmp.Or(opt.LeaseFor, defaultLease), callTimeout: cmp.Or(opt.CallTimeout, defaultCall),
		log: cmp.Or(opt.Logger, slog.New(slog.DiscardHandler)), ready: make(chan struct{})}
	c.breaker.opened, c.notifications.joined = make(chan struct{}, 1), make(chan struct{}, 1)
	c.notifications.subscribers = make(map[Topic][]chan struct{})
	c.notifications.members.Store(&[]string{})
	c.membership.Store(&Membership{})
	return c, nil
}

// Add adds the work of an adapter. Call it before Run.
func (c *Client) Add(p Part) { c.parts = append(c.parts, p) }

// Run maintains the connection to Redis until ctx ends: it sends heartbeats, receives notifications of changes, runs the parts, and probes Redis while
// it is unavailable. At the end it removes this replica from the membership. Call Run once.
func (c *Client) Run(ctx context.Context) error {
	var running sync.WaitGroup
	running.Go(func() { c.listen(ctx) })
	for _, p := range c.parts {
		if p.Run != nil {
			running.Go(func() { p.Run(ctx) })
		}
	}
	c.heartbeat(ctx)
	running.Wait()
	return nil
}

// Close closes all connections.
func (c *Client) Close() error { return c.commands.Close() }

// Commands returns the commands of Redis, for calls within Do or Direct.
func (c *Client) Commands() redis.UniversalClient { return c.commands }

// ID returns the ID of this replica.
func (c *Client) ID() string { return c.id }

// Key returns a key with the configured prefix.
func (c *Client) Key(name string) string { return c.prefix + name }

// Sealer returns what protects stored values.
func (c *Client) Sealer() *seal.Sealer { return c.sealer }

// Logger returns the logger of Options.
func (c *Client) Logger() *slog.Logger { return c.log }

// CallTimeout returns the timeout of a call; see Options.
func (c *Client) CallTimeout() time.Duration { return c.callTimeout }

// LeaseFor returns how long a lock lasts without renewal; see Options.
func (c *Client) LeaseFor() time.Duration { return c.lease }

// Membership returns the live replicas, as last known. It makes no call.
func (c *Client) Membership() Membership { return *c.membership.Load() }

// Lost returns when Redis last became unavailable, or zero if it never has.
func (c *Client) Lost() time.Time {
	if at := c.lostAt.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

// Ready is closed when the first probe has found out whether Redis is available.
func (c *Client) Ready() <-chan struct{} { return c.ready }

// AwaitReady waits for Ready, for twice the timeout of a call at most: a first call must not fail only because no probe has ended yet. It returns an
// error only if ctx ends.
func (c *Client) AwaitReady(ctx context.Context) error {
	select {
	case <-c.ready:
	case <-time.After(2 * c.callTimeout):
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// signal puts a value into a channel with a buffer of one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is already pending
	}
}
