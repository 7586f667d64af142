package httpapi

import (
	"bytes"
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

var unbuffered = []string{"no"}

// events answers one operation as a stream of events: the distinct connections mode of GraphQL over Server-Sent Events.
func (h *handler) events(ctx context.Context, w http.ResponseWriter, op *operation, params *graphql.RawParams, c caller) {
	h.streamEvents(ctx, op, params, c, h.newEventStream(w, nextEvent), func() {})
}

// streamEvents answers one operation on a stream of events. OnSubscription is called before a subscription begins.
func (h *handler) streamEvents(ctx context.Context, op *operation, params *graphql.RawParams, c caller, s *eventStream, onSubscription func()) {
	op.streamed = true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if until := c.expires; !until.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	off := func() {}
	begins := func() {
		off = servingOf(ctx).onStop(h.retired, cancel) // only subscriptions end when the server stops
		s.control.SetWriteDeadline(time.Time{})        //nolint:errcheck // that of the request, which may be silent from now on
		onSubscription()
	}
	defer func() { off() }()
	s.control.SetReadDeadline(time.Time{}) //nolint:errcheck // the request has been read; if it cannot be set, there is none
	var pinging sync.WaitGroup
	pinging.Go(func() { s.keepAlive(ctx) })
	e := h.stream(ctx, op, params, c, begins, s.next)
	cancel()
	pinging.Wait()
	switch {
	case e != nil && e.status != 0 && !s.begun: // the stream has not begun
		if e == onlyByPost {
			s.w.Header().Set("Allow", http.MethodPost)
		}
		s.refuse(e)
		return
	case e != nil && !s.failed:
		recordOutcome(s.w, e.list())
		s.next(e.response()) //nolint:errcheck // the client is gone
	}
	s.write(s.last)                                            //nolint:errcheck // as above
	s.control.SetWriteDeadline(time.Now().Add(s.writeTimeout)) //nolint:errcheck // if it cannot be set, there is none; for the end of the body
}

// eventStream is a running stream of events.
type eventStream struct {
	w            http.ResponseWriter
	control      *http.ResponseController
	writeTimeout time.Duration
	format       func(b *bytes.Buffer, resp *graphql.Response)
	last         string         // what ends the stream
	refuse       func(*refusal) // answers instead of the stream

	mu            sync.Mutex
	begun, failed bool
}

func (h *handler) newEventStream(w http.ResponseWriter, format func(*bytes.Buffer, *graphql.Response)) *eventStream {
	return &eventStream{w: w, control: http.NewResponseController(w), writeTimeout: h.limits.AnswerTime, format: format, last: "event: complete\ndata: \n\n",
		refuse: func(e *refusal) { refuse(w, asJSON, e) }}
}

// next sends one answer.
func (s *eventStream) next(resp *graphql.Response) error {
	b := buffer()
	defer release(b)
	b.Grow(len(resp.Data) + 1<<10)
	s.format(b, resp)
	resp.Data = nil // frees the memory while the client reads the copy
	return s.send(b)
}

// nextEvent appends the event of an answer.
func nextEvent(b *bytes.Buffer, resp *graphql.Response) {
	b.WriteString("event: next\ndata: ")
	from := b.Len()
	encode(b, resp)
	onOneLine(b.Bytes()[from:])
	b.WriteString("\n\n")
}

// onOneLine removes line breaks from JSON, where they can only be between values. A line break would end the event.
func onOneLine(text []byte) {
	for i, c := range text {
		if c == '\n' || c == '\r' {
			text[i] = ' '
		}
	}
}

func (s *eventStream) write(text string) error { return s.send(bytes.NewBufferString(text)) }

// send sends the content of a buffer at once. A client that does not receive it in time loses the connection.
func (s *eventStream) send(b *bytes.Buffer) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.sendNow(b)
}

func (s *eventStream) sendNow(b *bytes.Buffer) error {
	if !s.begun {
		s.begun = true
		h := s.w.Header()
		h["Content-Type"] = contentTypes[asEvents]
		h["X-Accel-Buffering"] = unbuffered // otherwise proxies buffer events
		s.w.WriteHeader(http.StatusOK)
	}
	s.control.SetWriteDeadline(time.Now().Add(s.writeTimeout)) //nolint:errcheck // if it cannot be set, there is none
	_, err := s.w.Write(b.Bytes())                             //nolint:gosec // no HTML: JSON, and cursors that the log has confirmed
	if err == nil {
		err = s.control.Flush()
	}
	s.control.SetWriteDeadline(time.Time{}) //nolint:errcheck // as above; over HTTP/2, a deadline ends the stream even if nothing is written
	s.failed = s.failed || err != nil
	return err
}

// keepAlive sends comments, because proxies close a silent stream.
func (s *eventStream) keepAlive(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.mu.TryLock() { // otherwise an answer is being sent
				s.sendNow(bytes.NewBufferString(":\n\n")) //nolint:errcheck // the next answer fails too
				s.mu.Unlock()
			}
		}
	}
}
