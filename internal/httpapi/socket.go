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

// subprotocol is the supported subprotocol of WebSockets.
const subprotocol = "graphql-transport-ws"

// The close codes of graphql-transport-ws.
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
	// initTime is the time within which a client must send connection_init.
	initTime = 3 * time.Second
	// pingEvery is the interval of pings. Proxies close connections that are silent for longer.
	pingEvery = 20 * time.Second
)

func isUpgrade(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(first(r.Header["Upgrade"]), "websocket")
}

// socket is one WebSocket.
type socket struct {
	handler *handler // after connection_init, that of the caller
	conn    *websocket.Conn
	r       *http.Request
	ctx     context.Context
	end     context.CancelFunc

	// Used only by the goroutine that reads, and set before the first operation begins.
	known   bool // connection_init was accepted
	caller  caller
	allowed context.Context // the context of operations, with the principal
	control string          // the default Cache-Control of operations
	place   freshness.Place // the default of operations
	expiry  *time.Timer
	open    admission.Hold // the hold on one stream

	sending atomic.Int64 // the number of messages that are being sent

	mu       sync.Mutex
	active   map[string]*running
	ending   int        // operations whose last message is not written yet
	ended    *sync.Cond // signalled when ending falls
	draining bool       // no operation may begin
	idle     *time.Timer
	running  sync.WaitGroup
}

// running is a running operation.
type running struct {
	cancel       context.CancelFunc
	subscription bool // not waited for when the server stops
}

// socket serves graphql-transport-ws until one side closes.
func (h *handler) socket(w http.ResponseWriter, r *http.Request) {
	at := servingOf(r.Context())
	if !at.opens() {
		refuse(w, asJSON, serverStops)
		return
	}
	defer at.closes()
	shake := &handshake{ResponseWriter: w}
	conn, err := websocket.Accept(shake, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin has been checked
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		refuse(w, asJSON, badRequest(shake.refused, "the request is no handshake of a WebSocket as RFC 6455 has it"))
		return
	}
	defer conn.CloseNow() //nolint:errcheck // usually it is closed already
	if conn.Subprotocol() != subprotocol {
		conn.Close(closeSubprotocol, "Subprotocol not acceptable") //nolint:errcheck // nothing follows
		return
	}
	conn.SetReadLimit(int64(min(h.limits.BodyBytes, largeBody-1))) // until the caller is known
	s := &socket{handler: h, conn: conn, r: r, active: make(map[string]*running)}
	s.ctx, s.end = context.WithCancel(r.Context())
	s.ended = sync.NewCond(&s.mu)
	s.serve(at.stopping)
}

func (s *socket) serve(stopping <-chan struct{}) {
	var watching sync.WaitGroup
	inTime := time.AfterFunc(initTime, func() { s.close(closeInitTimeout, "Connection initialisation timeout") })
	s.idle = time.AfterFunc(s.handler.limits.StreamIdle, func() { s.close(websocket.StatusNormalClosure, "nothing runs here") })
	answerTime := s.handler.limits.AnswerTime
	watching.Go(func() { s.ping(answerTime) })
	retired := s.handler.retired
	watching.Go(func() { s.drain(stopping, retired) })
	for s.read(inTime) {
	}
	inTime.Stop()
	s.end()
	s.running.Wait()
	s.mu.Lock()
	s.draining = true
	s.idle.Stop()
	s.mu.Unlock()
	if s.expiry != nil {
		s.expiry.Stop()
	}
	watching.Wait()
	s.open.Release()
}

// close closes with a reason, and waits briefly for the client's close frame. Reading then ends.
func (s *socket) close(code websocket.StatusCode, reason string) {
	s.conn.Close(code, reason) //nolint:errcheck // the client may be gone
}

// read handles one message, and returns false after the last one. Operations run in goroutines of their own.
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
		return s.initialise(m)
	case !s.known:
		s.close(closeUnauthorized, "Unauthorized")
		return false
	case m.Type == messageSubscribe:
		return s.subscribe(m)
	}
	s.stop(m.ID)
	return true
}

// initialise answers connection_init.
func (s *socket) initialise(m message) bool {
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
	ctx, caller, e := s.handler.identify(s.ctx, s.r, in.shown(s.r))
	switch {
	case e != nil && e.status == http.StatusServiceUnavailable:
		s.close(websocket.StatusTryAgainLater, "Tokens cannot be checked at present")
		return false
	case e != nil:
		s.close(closeForbidden, "Forbidden")
		return false
	}
	s.allowed, s.caller, s.handler = ctx, caller, s.handler.forCaller(caller)
	s.open = s.handler.hold(admission.Streams, &s.caller)
	if e := s.handler.refusalOf(admission.Streams, s.open.Resize(1)); e != nil {
		s.close(websocket.StatusTryAgainLater, e.message)
		return false
	}
	s.known = true
	s.conn.SetReadLimit(int64(s.handler.limits.BodyBytes))
	if until := caller.expires; !until.IsZero() {
		s.expiry = time.AfterFunc(time.Until(until), func() { s.close(closeForbidden, "The credentials have expired") })
	}
	return s.send(messageAck, "", nil) == nil
}

// subscribe starts an operation.
func (s *socket) subscribe(m message) bool {
	params := &graphql.RawParams{Headers: s.r.Header}
	e := s.handler.parse(m.Payload, nil, params)
	params.Headers = s.r.Header
	if e != nil {
		return s.decline(m.ID, e)
	}
	ctx, e := s.admit(m.ID)
	switch {
	case e == duplicateID:
		s.close(closeDuplicate, "Subscriber for "+echo.CutTo(m.ID, mostOfID)+" already exists")
		return false
	case e != nil:
		return s.refuse(m.ID, e.list()) == nil
	}
	go s.run(ctx, m.ID, params, len(m.Payload))
	return true
}

var (
	duplicateID = &refusal{}
	isStopping  = &refusal{code: codeTimeout, message: "the server is stopping, or has changed: connect again"}
	serverStops = &refusal{status: http.StatusServiceUnavailable, code: codeTimeout, message: isStopping.message, retryAfter: retryAfterFull}
)

// admit registers an operation, and returns its context. It waits while too many ended operations have unsent last messages, because a client that does not
// read could otherwise have any number of refusals in memory.
func (s *socket) admit(id string) (context.Context, *refusal) {
	s.mu.Lock()
	defer s.mu.Unlock()
	maximum := s.handler.limits.StreamOperations
	for s.ending >= maximum {
		s.ended.Wait()
	}
	switch {
	case s.active[id] != nil:
		return nil, duplicateID
	case s.draining:
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

// markSubscription records that an operation is a subscription.
func (s *socket) markSubscription(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.active[id]; r != nil {
		r.subscription = true
		if s.draining {
			r.cancel()
		}
	}
}

// mostOfID is the length of an ID in a close frame, whose reason has at most 123 bytes.
const mostOfID = 64

// stop cancels an operation.
func (s *socket) stop(id string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.active[id]; r != nil {
		r.cancel()
	}
}

// remove removes an ended operation, so that its ID is free again. It returns true if the client has cancelled it. After its last message, written must be
// called.
func (s *socket) remove(ctx context.Context, id string) (cancelled bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	cancelled = ctx.Err() != nil
	if r := s.active[id]; r != nil {
		r.cancel()
	}
	delete(s.active, id)
	s.ending++
	if len(s.active) == 0 && !s.draining {
		s.idle.Reset(s.handler.limits.StreamIdle)
	}
	return cancelled
}

// written records that nothing more will be written for an operation.
func (s *socket) written() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ending--
	s.ended.Signal()
}

// run runs one operation and sends its answers.
func (s *socket) run(ctx context.Context, id string, params *graphql.RawParams, size int) {
	defer s.running.Done()
	op := operation{streamed: true, request: size, began: time.Now()}
	defer op.memory.release()
	op.exchange.Place = s.place
	e := s.handler.requirement(&op, s.control)
	if e == nil {
		e = s.handler.stream(ctx, &op, params, s.caller, func() { s.markSubscription(id) }, func(resp *graphql.Response) error {
			if resp.Data == nil {
				return &requestError{resp.Errors}
			}
			return s.next(id, resp)
		})
	}
	defer s.written()
	if s.remove(ctx, id) {
		return
	}
	if e != nil {
		s.refuse(id, e.list()) //nolint:errcheck // reading fails too
		return
	}
	s.send(messageComplete, id, nil) //nolint:errcheck // as above
}

// requestError is an answer that has only errors.
type requestError struct{ errs gqlerror.List }

// Error implements error.
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

// transmit sends the content of a buffer. A client that does not receive it in time loses the connection.
func (s *socket) transmit(b *bytes.Buffer) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(s.r.Context()), s.handler.limits.AnswerTime)
	defer cancel()
	s.sending.Add(1)
	defer s.sending.Add(-1)
	return s.conn.Write(ctx, websocket.MessageText, b.Bytes())
}

// ping finds out whether a client is gone. The client has the time for an answer to respond, because the ping may have to wait behind an answer.
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
		if err != nil && !errors.Is(err, context.Canceled) && s.sending.Load() == 0 { // otherwise a message is being sent: the client reads, or will be dropped as too slow
			s.conn.CloseNow() //nolint:errcheck // the client is gone
			return
		}
	}
}

// drain waits for running operations when the server stops or the handler is retired, and then closes the connection, so that the client connects again.
func (s *socket) drain(stopping, retired <-chan struct{}) {
	select {
	case <-s.ctx.Done():
		return
	case <-stopping:
	case <-retired:
	}
	s.mu.Lock()
	s.draining = true
	s.idle.Stop()
	for _, r := range s.active {
		if r.subscription {
			r.cancel()
		}
	}
	s.mu.Unlock()
	s.running.Wait()
	s.close(websocket.StatusGoingAway, "The server is stopping, or has changed: connect again")
}
