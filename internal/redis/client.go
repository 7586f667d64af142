package redis

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/seal"
	"roster/internal/snapshot"
)

// Redis is a tier in Redis: a single server, a server with Sentinels, or a Cluster. It does nothing before Run.
type Redis struct {
	client      redis.UniversalClient
	cluster     bool
	seal        *seal.Sealer
	prefix      string
	id          string // the ID of this replica, and the value of its locks
	lease       time.Duration
	callTimeout time.Duration // see Options.CallTimeout
	log         *slog.Logger

	changed chan struct{}
	written chan struct{} // notifies the ledger of writes of changes
	// acknowledged notifies the ledger of writes of another replica's acknowledgement.
	acknowledged  chan struct{}
	membership    atomic.Pointer[snapshot.Membership]
	ready         chan struct{} // closed when the first probe has ended
	isReady       sync.Once
	breaker       breaker
	stats         stats
	items         atomic.Pointer[[]snapshot.Item] // see remember
	members       atomic.Pointer[[]string]        // the IDs of the live replicas, sorted
	joined        chan struct{}                   // receives a value when a new replica publishes
	share         share
	background    sync.WaitGroup // budget calls of Redis that run in the background
	publishDenied atomic.Bool    // the user may not publish
	lostAt        atomic.Int64   // when Redis last became unavailable, in nanoseconds since 1970; zero if never
}

var _ snapshot.Tier = (*Redis)(nil)

// Open checks the options. It does not connect, so a program can start while Redis is unavailable.
func Open(opt Options) (*Redis, error) {
	sealer, err := seal.New(opt.Key)
	if err != nil {
		return nil, err
	}
	client, cluster, err := opt.client()
	if err != nil {
		return nil, err
	}
	r := &Redis{client: client, cluster: cluster, seal: sealer, prefix: opt.Prefix, id: rand.Text(), lease: or(opt.LeaseFor, defaultLease),
		callTimeout: or(opt.CallTimeout, defaultCall),
		log:         opt.Logger, changed: make(chan struct{}, 1), written: make(chan struct{}, 1), acknowledged: make(chan struct{}, 1), ready: make(chan struct{})}
	r.share.every = or(opt.PulseEvery, defaultBudgetHeartbeat)
	r.breaker.opened, r.joined = make(chan struct{}, 1), make(chan struct{}, 1)
	r.members.Store(&[]string{})
	if r.prefix == "" {
		r.prefix = defaultPrefix
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.membership.Store(&snapshot.Membership{})
	return r, nil
}

// Run maintains the connection to Redis until ctx ends: it sends heartbeats, receives notifications of changes, and probes Redis while it is
// unavailable. At the end it removes this replica from the membership. Call Run once.
func (r *Redis) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { r.listen(ctx) })
	parts.Go(func() { r.budgetHeartbeat(ctx) })
	r.heartbeat(ctx)
	parts.Wait()
	r.background.Wait()
	return nil
}

// Close closes all connections.
func (r *Redis) Close() error { return r.client.Close() }

// Changed notifies the keeper of changes; see snapshot.Tier.
func (r *Redis) Changed() <-chan struct{} { return r.changed }

// Membership returns the live replicas; see snapshot.Tier.
func (r *Redis) Membership() snapshot.Membership { return *r.membership.Load() }

// lost returns when Redis last became unavailable, or zero if it never has.
func (r *Redis) lost() time.Time {
	if at := r.lostAt.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

func (r *Redis) notify() {
	signal(r.changed)
	signal(r.written)
}

// signal puts a value into a channel with a buffer of one.
func signal(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // a signal is already pending
	}
}
