package rest

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptrace"
	"sync"
	"time"

	"roster/connectors"
)

// connectWithin is how long after its guard's word a call that changes something may look for a connection. Opening one can take half a minute, and what
// the guard looks after may be over by then.
const connectWithin = 5 * time.Second

// errNoWay ends the search for a connection.
var errNoWay = errors.New("no connection in time")

// launch puts a request on the wire: one that changes something only if its guard says so, and then soon. What was given up before there was a
// connection was not sent.
func (c *Client) launch(r *http.Request, write bool) (*http.Response, *connectors.Error) {
	var s search
	if write && connectors.Guarded(r.Context()) {
		ctx, cancel := context.WithCancelCause(r.Context()) // which ends with the request's own
		s.until, s.cancel = time.Now().Add(connectWithin), cancel
		r = r.WithContext(httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GetConn: func(string) { s.begin() }, GotConn: func(httptrace.GotConnInfo) { s.end() },
		}))
	}
	res, err := c.transport.RoundTrip(r)
	unsent := s.end()
	if err == nil {
		return res, nil
	}
	e := transportError(err)
	if unsent {
		e.Kind, e.Detail, e.Unsent = connectors.KindUnavailable, "not sent: no connection in time", true
	}
	return nil, e
}

// search is the search for a connection. The transport begins another one where nothing went over the first that it found.
type search struct {
	until  time.Time
	cancel context.CancelCauseFunc

	mu    sync.Mutex
	timer *time.Timer // nil while there is no search
	over  bool        // given up
}

func (s *search) begin() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.timer = time.AfterFunc(time.Until(s.until), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.timer != nil {
			s.over = true
			s.cancel(errNoWay)
		}
	})
}

// end says whether the search was given up before anything was found.
func (s *search) end() (inVain bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.timer == nil {
		return false
	}
	s.timer.Stop()
	s.timer = nil
	return s.over
}
