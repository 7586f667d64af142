package connectors

import (
	"context"
	"net"
	"time"
)

// Runtime is what the program gives to a source besides its configuration. With the zero value, the source has its own limits, no observer and no
// bound on memory. A reload ignores Runtime when it compares configurations: a source whose configuration is the same keeps its first Runtime. So the
// parts of a Runtime must be the same for all configurations, or must be compared separately, as PropagateTrace and MaxPause are.
type Runtime struct {
	// Observer is told of each call; nil for nobody.
	Observer Observer
	// Limits are what the source shares with all others that its vendor counts together; nil for a source that keeps its limits alone.
	Limits Limits
	// Memory is what answers of all sources may take together; nil for no bound.
	Memory *Memory
	// Dial opens connections to sources, as net.Dialer.DialContext does; nil for the system's own way.
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	// MaxPause bounds the pause that the source asks for; 0 means the constant MaxPause.
	MaxPause time.Duration
	// Tokens keeps the tokens of sources that renew them; nil for nobody: such a source then cannot be opened.
	Tokens TokenRenewer
}

// Observer follows the calls that sources are sent, for traces and metrics. Safe for concurrent use.
type Observer interface {
	// Begin is told that a call is wanted, before it waits for its turn. It gives the context to make the call under, which comes from ctx,
	// and what it has to be told when the call is over.
	Begin(ctx context.Context, call Call) (context.Context, Observed)
}

// Observed is what an observer wants of one call.
type Observed struct {
	// Header is sent with the call; nil for none.
	Header map[string]string
	// Waits is told that the call waits for its turn, and how long at least; maybe more than once. It does not block. Nil for nobody.
	Waits func(time.Duration)
	// Done is told how the call ended, once.
	Done func(CallEnd)
}

// Call is a call that is about to be made.
type Call struct {
	Source  string
	Kind    KindName
	Op      string // the vendor's name for the call: one of a closed set
	Attempt int    // from 1
}

// CallEnd is how a call ended.
type CallEnd struct {
	// Err is nil for a success.
	Err *Error
	// Sent is false if the call was not made: its turn did not come, or the source is paused.
	Sent bool
	// Waited is how long it waited for its turn, and Took how long it took from then to the last byte.
	Waited, Took time.Duration
	// Bytes is the size of the answer, decompressed.
	Bytes int
	// Date is the source's clock by its answer, to the second; zero if it does not say.
	Date time.Time
	// CertExpires is when the first certificate ends that the source has shown; zero without TLS.
	CertExpires time.Time
}
