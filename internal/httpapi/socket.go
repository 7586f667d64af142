package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/admission"
	"roster/internal/echo"
	"roster/internal/freshness"
)

// subprotocol is the one that is spoken over WebSockets.
const subprotocol = "graphql-transport-ws"

// The codes with which graphql-transport-ws closes a connection, and the reasons that go with them.
const (
	closeBadMessage   websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeSubprotocol  websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeDuplicate    websocket.StatusCode = 4409
	closeSecondInit   websocket.StatusCode = 4429
)

const (
	// initTime is how long a client may take to say connection_init.
	initTime = 3 * time.Second
	// pingEvery is how often a client is asked whether it is still there: proxies close what is silent for longer.
	pingEvery = 20 * time.Second
)

func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// socket is one WebSocket.
type socket struct {
	door *door // of the caller, once they are known
	conn *websocket.Conn
	r    *http.Request
	ctx  context.Context
	end  context.CancelFunc

	// Of the goroutine that reads, and set before the first operation begins.
	known   bool // connection_init has been answered
	caller  guest
	allowed context.Context // what operations run in: it knows the caller
	control string          // the Cache-Control of operations that say nothing else
	place   freshness.Place // of operations that say nothing else
	expiry  *time.Timer
	open    admission.Hold // on one of the streams

	sending atomic.Int64 // messages that are being sent

	mu      sync.Mutex
	active  map[string]*running
	ending  int        // operations that are over, and whose last message has not been written
	ended   *sync.Cond // one of them less
	leaving bool       // nothing new begins
	idle    *time.Timer
	running sync.WaitGroup
}

// running is an operation under way.
type running struct {
	cancel  context.CancelFunc
	endless bool // a subscription, which nobody waits for
}

// socket speaks graphql-transport-ws until one side closes.
func (d *door) socket(w http.ResponseWriter, r *http.Request) {
	at := servingOf(r.Context())
	if !at.opens() {
		refuse(w, asJSON, serverStops)
		return
	}
	defer at.closes()
	shake := &handshake{ResponseWriter: w}
	conn, err := websocket.Accept(shake, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin has been looked at
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		refuse(w, asJSON, badRequest(shake.refused, "the request is no handshake of a WebSocket as RFC 6455 has it"))
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is closed already, unless something went wrong
	if conn.Subprotocol() != subprotocol {
		conn.Close(closeSubprotocol, "Subprotocol not acceptable") //nolint:errcheck // nothing comes after it
		return
	}
	conn.SetReadLimit(int64(min(d.limits.BodyBytes, largeBody-1))) // until it is known who this is
	s := &socket{door: d, conn: conn, r: r, active: make(map[string]*running)}
	s.ctx, s.end = context.WithCancel(r.Context())
	s.ended = sync.NewCond(&s.mu)
	s.serve(at.stopping)
}

func (s *socket) serve(stopping <-chan struct{}) {
	var watching sync.WaitGroup
	inTime := time.AfterFunc(initTime, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
	s.idle = time.AfterFunc(s.door.limits.StreamIdle, func() { s.close(websocket.StatusNormalClosure, "nothing runs here") })
	answerTime := s.door.limits.AnswerTime
	watching.Go(func() { s.ping(answerTime) })
	retired := s.door.retired
	watching.Go(func() { s.drain(stopping, retired) })
	for s.read(inTime) {
	}
	inTime.Stop()
	s.end()
	s.running.Wait()
	s.mu.Lock()
	s.leaving = true
	s.idle.Stop()
	s.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	watching.Wait()
	s.open.Release()
}

// close tells the client why, and waits for a moment until it agrees. Reading then ends.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.conn.Close(code, reason) //nolint:errcheck // whoever has gone needs no reason
}

// read handles one message, and is false where it was the last one. What is not awaited here goes on in goroutines of its own.
func (s *socket) read(inTime *time.Timer) bool {
	m, e := s.receive()
	switch {
	case e != nil:
		return s.decline(m.ID, e)
	case m.Type == messagePing:
		return s.send(messagePong, "", m.Payload) == nil
	case m.Type == messagePong:
		return true
	case m.Type == messageInit:
		inTime.Stop()
		return s.meet(m)
	case !s.known:
		s.close(closeUnauthorized, "Unauthorized")
		return false
	case m.Type == messageSubscribe:
		return s.subscribe(m)
	}
	s.stop(m.ID)
	return true
}

// meet answers connection_init.
func (s *socket) meet(m message) bool {
	if s.known {
		s.close(closeSecondInit, "Too many initialisation requests")
		return false
	}
	in, err := readInitial(m.Payload)
	if err != nil {
		s.close(closeBadMessage, "Invalid message received")
		return false
	}
	if _, err := freshness.Parse([]string{in.cacheControl}, time.Now()); err != nil {
		s.close(closeBadMessage, "Invalid Cache-Control")
		return false
	}
	s.control = in.cacheControl
	if s.place, err = in.place(s.r); err != nil {
		s.close(closeBadMessage, "Invalid "+freshness.SourceErrorsHeader)
		return false
	}
	ctx, caller, e := s.door.meet(s.ctx, s.r, in.shown(s.r))
	switch {
	case e != nil && e.status == http.StatusServiceUnavailable:
		s.close(websocket.StatusTryAgainLater, "Tokens cannot be checked at present")
		return false
	case e != nil:
		s.close(closeForbidden, "Forbidden")
		return false
	}
	s.allowed, s.caller, s.door = ctx, caller, s.door.of(caller)
	s.open = s.door.hold(admission.Streams, &s.caller)
	if e := s.door.full(admission.Streams, s.open.Resize(1)); e != nil {
		s.close(websocket.StatusTryAgainLater, e.message)
		return false
	}
	s.known = true
	s.conn.SetReadLimit(int64(s.door.limits.BodyBytes))
	if until := caller.expires; !until.IsZero() {
		s.expiry = time.AfterFunc(time.Until(until), func() { s.close(closeForbidden, "The credentials have expired") })
	}
	return s.send(messageAck, "", nil) == nil
}

// subscribe begins an operation.
func (s *socket) subscribe(m message) bool {
	params := &graphql.RawParams{Headers: s.r.Header}
	params.ReadTime.Start = graphql.Now()
	e := s.door.parse(m.Payload, params)
	params.ReadTime.End = graphql.Now()
	params.Headers = s.r.Header
	if e != nil {
		return s.decline(m.ID, e)
	}
	ctx, e := s.admit(m.ID)
	switch {
	case e == alreadyThere:
		s.close(closeDuplicate, "Subscriber for "+echo.CutTo(m.ID, mostOfID)+" already exists")
		return false
	case e != nil:
		return s.refuse(m.ID, e.list()) == nil
	}
	go s.run(ctx, m.ID, params, len(m.Payload))
	return true
}

var (
	alreadyThere = &refusal{}
	isStopping   = &refusal{code: codeTimeout, message: "the server is stopping, or has changed: connect again"}
	serverStops  = &refusal{status: http.StatusServiceUnavailable, code: codeTimeout, message: isStopping.message, retryAfter: again}
)

// admit takes an operation in, and gives what it runs in. It waits while as many as may be under way are over and the client does not read that: there is
// no end to how many can be refused, and nobody would count what they say.
func (s *socket) admit(id string) (context.Context, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maximum := s.door.limits.StreamOperations
	for s.ending >= maximum {
		s.ended.Wait()
	}
	switch {
	case s.active[id] != nil:
		return nil, alreadyThere
	case s.leaving:
		return nil, isStopping
	case len(s.active) >= maximum:
		return nil, exceeded("stream_operations", maximum, -1, "%d operations are under way on this connection, which is the limit", maximum)
	}
	ctx, cancel := context.WithCancel(s.allowed)
	s.active[id] = &running{cancel: cancel}
	s.running.Add(1)
	s.idle.Stop()
	return ctx, nil
}

// endless notes that an operation is a subscription.
func (s *socket) endless(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.active[id]; r != nil {
		r.endless = true
		if s.leaving {
			r.cancel()
		}
	}
}

// mostOfID is how much of an ID a close frame shows: all of its reason has 123 bytes at most.
const mostOfID = 64

// stop ends an operation that the client no longer wants.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.active[id]; r != nil {
		r.cancel()
	}
}

// forget says that an operation is over, so that its ID is free again. It is true where the client wants to hear no more of it. Written is to be called
// when its last message has been written.
func (s *socket) forget(ctx context.Context, id string) (unwanted bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	unwanted = ctx.Err() != nil
	if r := s.active[id]; r != nil {
		r.cancel()
	}
	delete(s.active, id)
	s.ending++
	if len(s.active) == 0 && !s.leaving {
		s.idle.Reset(s.door.limits.StreamIdle)
	}
	return unwanted
}

// written says that nothing more is written of an operation.
func (s *socket) written() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending--
	s.ended.Signal()
}

// run runs one operation and sends what it answers.
func (s *socket) run(ctx context.Context, id string, params *graphql.RawParams, size int) {
	defer s.running.Done()
	op := operation{streamed: true, request: size}
	defer op.room.release()
	op.exchange.Place = s.place
	e := s.door.requirement(&op, s.control)
	if e == nil {
		e = s.door.stream(ctx, &op, params, s.caller, func() { s.endless(id) }, func(resp *graphql.Response) error {
			if resp.Data == nil {
				return &requestError{resp.Errors}
			}
			return s.next(id, resp)
		})
	}
	defer s.written()
	if s.forget(ctx, id) {
		return
	}
	if e != nil {
		s.refuse(id, e.list()) //nolint:errcheck // reading notices that the connection is gone
		return
	}
	s.send(messageComplete, id, nil) //nolint:errcheck // as above
}

// requestError is an answer that says only why there is none.
type requestError struct{ errs gqlerror.List }

// Error says so.
func (*requestError) Error() string { return "the operation was refused" }

func (s *socket) next(id string, resp *graphql.Response) error {
	b := buffer()
	defer release(b)
	writeAnswer(b, id, resp)
	return s.transmit(b)
}

func (s *socket) refuse(id string, errs gqlerror.List) error {
	text, err := json.Marshal(errs)
	if err != nil {
		return err
	}
	return s.send(messageError, id, text)
}

// send sends one message.
func (s *socket) send(kind, id string, payload []byte) error {
	b := buffer()
	defer release(b)
	writeMessage(b, kind, id, payload)
	return s.transmit(b)
}

// transmit sends what is in a buffer. A client that does not take it in time loses the connection.
func (s *socket) transmit(b *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.r.Context()), s.door.limits.AnswerTime)
	defer cancel()
	s.sending.Add(1)
	defer s.sending.Add(-1)
	return s.conn.Write(ctx, websocket.MessageText, b.Bytes())
}

// ping finds out when a client has gone without a word. It has as long to answer as to take an answer, behind which the question may have to wait.
func (s *socket) ping(answerTime time.Duration) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return
		case <-tick.C:
		}
		ctx, cancel := context.WithTimeout(s.ctx, answerTime)
		err := s.conn.Ping(ctx)
		cancel()
		if err != nil && !errors.Is(err, context.Canceled) && s.sending.Load() == 0 { // else the client reads, or is too slow
			s.conn.CloseNow() //nolint:errcheck // nobody is there
			return
		}
	}
}

// drain lets what is under way finish when the server stops or has changed, and then sends the client away, to another one.
func (s *socket) drain(stopping, retired <-chan struct{}) {
	select {
	case <-s.ctx.Done():
		return
	case <-stopping:
	case <-retired:
	}
	s.mu.Lock()
	s.leaving = true
	s.idle.Stop()
	for _, r := range s.active {
		if r.endless {
			r.cancel()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
	s.close(websocket.StatusGoingAway, "The server is stopping, or has changed: connect again")
}
