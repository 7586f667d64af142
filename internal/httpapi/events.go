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
	op.streamed = true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if until := c.expires; !until.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	off := func() {}
	onSubscription := func() { off = servingOf(ctx).onStop(h.retired, cancel) } // only subscriptions end when the server stops
	defer func() { off() }()
	s := &eventStream{w: w, control: http.NewResponseController(w), writeTimeout: h.limits.AnswerTime}
	s.control.SetReadDeadline(time.Time{}) //nolint:errcheck // the request has been read; if it cannot be set, there is none
	var pinging sync.WaitGroup
	pinging.Go(func() { s.keepAlive(ctx) })
	e := h.stream(ctx, op, params, c, onSubscription, s.next)
	cancel()
	pinging.Wait()
	switch {
	case e != nil && e.status != 0 && !s.begun: // the stream has not begun
		if e == onlyByPost {
			w.Header().Set("Allow", http.MethodPost)
		}
		refuse(w, asJSON, e)
		return
	case e != nil && !s.failed:
		recordOutcome(w, e.list())
		s.next(e.response()) //nolint:errcheck // the client is gone
	}
	s.write("event: complete\ndata: \n\n") //nolint:errcheck // as above
}

// eventStream is a running stream of events.
type eventStream struct {
	w            http.ResponseWriter
	control      *http.ResponseController
	writeTimeout time.Duration

	mu            sync.Mutex
	begun, failed bool
}

// next sends one answer.
func (s *eventStream) next(resp *graphql.Response) error {
	b := buffer()
	defer release(b)
	b.Grow(len(resp.Data) + 1<<10)
	b.WriteString("event: next\ndata: ")
	from := b.Len()
	encode(b, resp)
	resp.Data = nil // frees the memory while the client reads the copy
	// A line break would end the event. In JSON it can only be between values.
	for i, c := range b.Bytes()[from:] {
		if c == '\n' || c == '\r' {
			b.Bytes()[from+i] = ' '
		}
	}
	b.WriteString("\n\n")
	return s.send(b)
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
	_, err := s.w.Write(b.Bytes())
	if err == nil {
		err = s.control.Flush()
	}
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
