package shared

import (
	"context"
	"crypto/rand"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"roster/internal/snapshot"
)

// Redis is a tier in Redis: a single server, one that Sentinels watch over, or a Cluster. It does nothing before Run.
type Redis struct {
	client  redis.UniversalClient
	cluster bool
	seal    *sealer
	prefix  string
	id      string // this replica's, and the value of its locks
	lease   time.Duration
	quick   time.Duration // see Options.CallTimeout
	log     *slog.Logger

	changed chan struct{}
	written chan struct{} // tells the ledger of writes to look
	// acknowledged tells the ledger of writes that another replica shows more.
	acknowledged chan struct{}
	crowd        atomic.Pointer[snapshot.Membership]
	ready        chan struct{} // closed when it is known whether Redis is there
	isReady      sync.Once
	breaker      breaker
	stats        stats
	items        atomic.Pointer[[]snapshot.Item] // see remember
	members      atomic.Pointer[[]string]        // the replicas that are there, in order
	joined       chan struct{}                   // says that another one is
	share        share
	telling      sync.WaitGroup // what is being told in the background, of the budgets
	mute         atomic.Bool    // changes cannot be announced
	lostAt       atomic.Int64   // when Redis went away last, in nanoseconds since 1970; zero if never
}

var _ snapshot.Tier = (*Redis)(nil)

// Open checks the options. It does not connect: a Redis that is away is no reason not to start.
func Open(opt Options) (*Redis, error) {
	seal, err := newSealer(opt.Key)
	if err != nil {
		return nil, err
	}
	client, cluster, err := opt.client()
	if err != nil {
		return nil, err
	}
	r := &Redis{client: client, cluster: cluster, seal: seal, prefix: opt.Prefix, id: rand.Text(), lease: or(opt.LeaseFor, defaultLease),
		quick: or(opt.CallTimeout, defaultCall),
		log:   opt.Logger, changed: make(chan struct{}, 1), written: make(chan struct{}, 1), acknowledged: make(chan struct{}, 1), ready: make(chan struct{})}
	r.share.every = or(opt.PulseEvery, defaultPulse)
	r.breaker.opened, r.joined = make(chan struct{}, 1), make(chan struct{}, 1)
	r.members.Store(&[]string{})
	if r.prefix == "" {
		r.prefix = defaultPrefix
	}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	r.crowd.Store(&snapshot.Membership{})
	return r, nil
}

// Run keeps in touch with Redis until ctx ends: it says that this replica is there, hears of changes, and finds out when a Redis that went
// away is back. Then it takes leave. Run it once.
func (r *Redis) Run(ctx context.Context) error {
	var parts sync.WaitGroup
	parts.Go(func() { r.listen(ctx) })
	parts.Go(func() { r.pulse(ctx) })
	r.heartbeat(ctx)
	parts.Wait()
	r.telling.Wait()
	return nil
}

// Close ends all connections.
func (r *Redis) Close() error { return r.client.Close() }

// Changed tells the keeper to look; see snapshot.Tier.
func (r *Redis) Changed() <-chan struct{} { return r.changed }

// Membership says who is there; see snapshot.Tier.
func (r *Redis) Membership() snapshot.Membership { return *r.crowd.Load() }

// lost gives when Redis went away; zero where it never has.
func (r *Redis) lost() time.Time {
	if at := r.lostAt.Load(); at != 0 {
		return time.Unix(0, at)
	}
	return time.Time{}
}

func (r *Redis) notify() {
	tell(r.changed)
	tell(r.written)
}

// tell puts a value into a channel that has room for one.
func tell(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default: // it has been told already
	}
}
