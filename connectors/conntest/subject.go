package conntest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors"
	"roster/connectors/faults"
)

// Prefix is the path under which the fake is mounted: a connector that makes its URLs from the host alone misses it.
const Prefix = "/at/a/base"

const (
	// enough is for anything that ought to end by itself. Only a failing check takes that long.
	enough = 30 * time.Second
	// impatience is the time-out of calls that never end, at first.
	impatience = 50 * time.Millisecond
	// name is what the source is called in these tests.
	name = "source-under-test"
)

// Subject is a vendor's connector and its fake.
type Subject struct {
	// Open is the vendor's constructor.
	Open func(connectors.Config) (*connectors.Source, error)
	// Config holds the kind, and its settings with every credential that the constructor requires. The kit sets Name, URL, Timeout, RateLimit and Retries.
	Config connectors.Config
	// Fake is the vendor's API, healthy and without limits, with records in every collection. It sees paths without Prefix, but
	// links that it makes need Prefix. Where paging matters, it holds more than one page.
	Fake http.Handler
	// Secrets are texts, besides the credentials in Config, that no error may show.
	Secrets []string
	// TooMany is this vendor's own "too many calls, come back in an hour"; nil means 429 with a Retry-After of 3600 seconds.
	TooMany faults.Effect
	// NoBodyIsNone says that by the vendor's documentation a success without a body means that there are no records.
	NoBodyIsNone bool
	// Totals are the keys, or elements, in which the vendor's answers say how many records there are; none where they do not.
	Totals []string
}

// Run holds the subject to the contract.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("opening", s.opening)
	first := s.start(t)
	source := first.open(t, nil)
	if len(source.Collections()) == 0 {
		t.Fatal("the source has no collection")
	}
	for _, op := range operations(t, source) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s.healthy(t, op)
			s.failing(t, op)
			s.failingLater(t, op)
			s.givenUp(t, op)
			s.unreachable(t, op)
			s.mannerly(t, op)
			s.hostile(t, op)
		})
	}
}

// stage is one check's own server.
type stage struct {
	subject Subject
	server  *httptest.Server
	faults  *faults.Handler
	astray  atomic.Int32 // requests outside Prefix
}

func (s Subject) start(t *testing.T) *stage {
	t.Helper()
	st := &stage{subject: s, faults: &faults.Handler{Next: http.StripPrefix(Prefix, s.Fake)}}
	st.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, Prefix+"/") {
			st.astray.Add(1)
			http.NotFound(w, r)
			return
		}
		st.faults.ServeHTTP(w, r)
	}))
	st.server.Config.ErrorLog = quiet()
	st.server.Start()
	t.Cleanup(func() {
		st.faults.Clear() // what hangs must end before the server can
		st.server.Close()
		if n := st.astray.Load(); n > 0 {
			t.Errorf("%d requests went beside the configured URL's path", n)
		}
	})
	return st
}

// config gives the configuration for this stage, without limits.
func (st *stage) config() connectors.Config {
	c := st.subject.Config
	c.Name = name
	c.URL = st.server.URL + Prefix
	c.Timeout = enough
	c.RateLimit = &connectors.RateLimit{Calls: 1000, Per: time.Millisecond}
	c.Retries = new(int) // what a failure means is to be seen at the first one
	return c
}

// open gives a new source, so that what one check did to a limiter or a breaker is nobody else's.
func (st *stage) open(t *testing.T, change func(*connectors.Config)) *connectors.Source {
	t.Helper()
	c := st.config()
	if change != nil {
		change(&c)
	}
	source, err := st.subject.Open(c)
	if err != nil {
		t.Fatalf("cannot be opened: %v", err)
	}
	return source
}

// ask performs op with time enough, and fails the check if even that is not enough.
func ask(t *testing.T, op operation, source *connectors.Source, progress func(reading)) (reading, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), enough)
	defer cancel()
	got, err := op.read(ctx, source, progress)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("did not come to an end")
	}
	return got, err
}
