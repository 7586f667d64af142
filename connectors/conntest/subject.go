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

// Prefix is the path under which the fake is mounted. A connector that builds its URLs only from the host does not find it.
const Prefix = "/at/a/base"

const (
	// longTimeout is for operations that should end by themselves. Only a failing check takes that long.
	longTimeout = 30 * time.Second
	// shortTimeout is the first time-out for operations that never end.
	shortTimeout = 50 * time.Millisecond
	// name is the name of the source in these tests.
	name = "source-under-test"
)

// Subject is a vendor's connector and its fake.
type Subject struct {
	// Open is the vendor's constructor.
	Open func(connectors.Config) (*connectors.Source, error)
	// Config has the kind, and its settings with every required credential. Run sets Name, URL, Timeout, RateLimit and Retries.
	Config connectors.Config
	// Fake is the vendor's API: healthy, without limits, with records in every collection, and with more than one page where there is paging. If it
	// reports changes, one record is always among them. It gets paths without Prefix, but its links must include Prefix.
	Fake http.Handler
	// Kind is the description of the kind. If it is nil, nothing is checked that depends on it, such as Config.Raw and Kind.Never.
	Kind *connectors.Kind
	// Secrets are texts that no error may contain, besides the credentials in Config.
	Secrets []string
	// TooMany is the vendor's answer "too many calls, retry in an hour". Nil means status 429 with a Retry-After of 3600 seconds.
	TooMany faults.Effect
	// NoBodyIsNone is true if the vendor documents that a success without a body means no records.
	NoBodyIsNone bool
	// Totals are the keys, or elements, in which the vendor's answers state the number of records.
	Totals []string
}

// Run tests the subject against the contract.
func Run(t *testing.T, s Subject) {
	t.Helper()
	t.Run("opening", s.opening)
	first := s.start(t)
	source := first.open(t, nil)
	if len(source.Collections()) == 0 {
		t.Fatal("the source has no collection")
	}
	s.keepsRaw(t)
	for _, op := range operations(t, source) {
		t.Run(op.name, func(t *testing.T) {
			t.Parallel()
			s.healthy(t, op)
			if op.unusable != nil {
				s.reportsChanges(t, op)
			}
			s.failing(t, op)
			s.failingLater(t, op)
			s.timeouts(t, op)
			s.unreachable(t, op)
			s.limits(t, op)
			s.hostile(t, op)
		})
	}
}

// fixture is the server of one check.
type fixture struct {
	subject Subject
	server  *httptest.Server
	faults  *faults.Handler
	outside atomic.Int32 // requests outside Prefix
}

func (s Subject) start(t *testing.T) *fixture {
	t.Helper()
	st := &fixture{subject: s, faults: &faults.Handler{Next: http.StripPrefix(Prefix, s.Fake)}}
	st.server = httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, Prefix+"/") {
			st.outside.Add(1)
			http.NotFound(w, r)
			return
		}
		st.faults.ServeHTTP(w, r)
	}))
	st.server.Config.ErrorLog = quiet()
	st.server.Start()
	t.Cleanup(func() {
		st.faults.Clear() // ends hanging requests, for which Close would wait
		st.server.Close()
		if n := st.outside.Load(); n > 0 {
			t.Errorf("%d requests were outside the configured URL's path", n)
		}
	})
	return st
}

// config returns a configuration for this fixture, without limits.
func (st *fixture) config() connectors.Config {
	c := st.subject.Config
	c.Name = name
	c.URL = st.server.URL + Prefix
	c.Timeout = longTimeout
	c.RateLimit = &connectors.RateLimit{Calls: 1000, Per: time.Millisecond}
	c.Retries = new(int) // no retries, so that each failure is visible
	return c
}

// open returns a new source, so that checks do not share a limiter or a breaker.
func (st *fixture) open(t *testing.T, change func(*connectors.Config)) *connectors.Source {
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

// perform performs an operation, and fails the check if it does not end in time.
func perform(t *testing.T, op operation, source *connectors.Source, progress func(result)) (result, error) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), longTimeout)
	defer cancel()
	got, err := op.read(ctx, source, progress)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		t.Fatalf("the operation did not end")
	}
	return got, err
}
