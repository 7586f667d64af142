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

// events answers one operation as a stream of events, in the distinct connections mode of GraphQL over Server-Sent Events.
func (d *door) events(ctx context.Context, w http.ResponseWriter, op *operation, params *graphql.RawParams, g guest) {
	op.streamed = true
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	if until := g.expires; !until.IsZero() {
		ctx, cancel = context.WithDeadline(ctx, until)
		defer cancel()
	}
	off := func() {}
	endless := func() { off = servingOf(ctx).onStop(d.retired, cancel) } // what has one answer may give it yet when the server stops
	defer func() { off() }()
	s := &eventStream{w: w, control: http.NewResponseController(w), patience: d.limits.AnswerTime}
	s.control.SetReadDeadline(time.Time{}) //nolint:errcheck // the request is there; where it cannot be set, there is none
	var beating sync.WaitGroup
	beating.Go(func() { s.beat(ctx) })
	e := d.stream(ctx, op, params, g, endless, s.next)
	cancel()
	beating.Wait()
	switch {
	case e != nil && e.status != 0 && !s.begun: // nothing of the stream is out yet
		if e == onlyByPost {
			w.Header().Set("Allow", http.MethodPost)
		}
		refuse(w, asJSON, e)
		return
	case e != nil && !s.failed:
		s.next(e.response()) //nolint:errcheck // nobody is left to tell
	}
	s.write("event: complete\ndata: \n\n") //nolint:errcheck // as above
}

// eventStream is a stream of events under way.
type eventStream struct {
	w        http.ResponseWriter
	control  *http.ResponseController
	patience time.Duration

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
	resp.Data = nil // which need not lie in memory twice while the client reads it
	// A line's end would be the end of the event. In JSON it stands between values only.
	for i, c := range b.Bytes()[from:] {
		if c == '\n' || c == '\r' {
			b.Bytes()[from+i] = ' '
		}
	}
	b.WriteString("\n\n")
	return s.send(b)
}

func (s *eventStream) write(text string) error { return s.send(bytes.NewBufferString(text)) }

// send sends what is in a buffer, at once. A client that does not take it in time loses the connection.
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
		h["X-Accel-Buffering"] = unbuffered // a proxy would else keep events until there are many
		s.w.WriteHeader(http.StatusOK)
	}
	s.control.SetWriteDeadline(time.Now().Add(s.patience)) //nolint:errcheck // where it cannot be set, there is none
	_, err := s.w.Write(b.Bytes())
	if err == nil {
		err = s.control.Flush()
	}
	s.failed = s.failed || err != nil
	return err
}

// beat keeps proxies from closing a stream on which nothing happens.
func (s *eventStream) beat(ctx context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.mu.TryLock() { // else an answer is being sent
				s.sendNow(bytes.NewBufferString(":\n\n")) //nolint:errcheck // the next answer notices
				s.mu.Unlock()
			}
		}
	}
}
