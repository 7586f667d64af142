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

// connectWithin is the longest time between the consent to a call that changes something and a connection for it. Opening a connection can take half a
// minute, and the consent may have ended by then.
const connectWithin = 5 * time.Second

// errNoWay ends the search for a connection.
var errNoWay = errors.New("no connection in time")

// launch sends a request. A request that needs consent must get a connection within connectWithin. If launch gives up before there is a connection, the
// error has Unsent.
func (c *Client) launch(r *http.Request, write bool) (*http.Response, *connectors.Error) {
	var s search
	if write && connectors.NeedsConsent(r.Context()) {
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

// search is the transport's search for a connection. If it could send nothing over the first connection that it found, it searches again.
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

// end ends the search, and reports whether it was given up before there was a connection.
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
