package rest

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/coder/websocket"

	"roster/connectors"
	"roster/connectors/upstream"
)

const (
	// maxMessage bounds a message of a WebSocket, in bytes.
	maxMessage = 64 << 10
	// sendTimeout bounds the sending of one message.
	sendTimeout = 10 * time.Second
	// openTimeout bounds the opening of a WebSocket with its greeting, because it has the turn of another call meanwhile.
	openTimeout = 10 * time.Second
)

// Socket is a WebSocket to the source. One goroutine may receive while others send.
type Socket struct {
	conn       *websocket.Conn
	source, op string
}

// OpenSocket opens a WebSocket at the path of a request, and lets greet exchange the first messages. Both together are one call: it has a turn and
// an observer like any other, but a deadline of 10 s and a breaker of its own, and it is repeated only if the source asks to wait. Path and Bucket are used, and Op; no credential is
// sent before greet. The connection outlives ctx: the caller must close it.
func (c *Client) OpenSocket(ctx context.Context, req Request, greet func(context.Context, *Socket) error) (*Socket, error) {
	var socket *Socket
	err := c.Caller.Do(ctx, upstream.Call{Op: req.Op, Bucket: req.Bucket, Place: req.Op}, func(ctx context.Context, x *upstream.Exchange) error {
		ctx, cancel := context.WithTimeout(ctx, openTimeout)
		defer cancel()
		x.Final = true // who wants a connection tries again later
		s, e := c.dial(ctx, &req, x)
		if e != nil {
			return e
		}
		if err := greet(ctx, s); err != nil {
			s.Close()
			return err
		}
		socket = s
		return nil
	})
	return socket, err
}

// dial opens the connection.
func (c *Client) dial(ctx context.Context, req *Request, x *upstream.Exchange) (*Socket, *connectors.Error) {
	header := http.Header{"User-Agent": {userAgent}}
	for k, v := range x.Header {
		header.Set(k, v)
	}
	conn, res, err := websocket.Dial(ctx, c.base.Load().String()+"/"+req.Path, &websocket.DialOptions{ //nolint:bodyclose // the library closes it
		HTTPClient: &http.Client{Transport: c.transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		HTTPHeader: header,
	})
	if err == nil {
		conn.SetReadLimit(maxMessage)
		x.Answered = true
		return &Socket{conn: conn, source: c.opt.Source, op: req.Op}, nil
	}
	if res == nil {
		return nil, transportError(err)
	}
	body, readErr := io.ReadAll(res.Body) // which the library has bounded
	if readErr != nil {
		body = nil
	}
	resp := &Response{Status: res.StatusCode, Header: res.Header, Body: body, source: c.opt.Source, op: req.Op, certExpires: certExpiry(res.TLS)}
	if e := c.read(resp, req, x); e != nil {
		return nil, e
	}
	return nil, resp.Fail(connectors.KindUnsupported, "no WebSocket was opened; check whether a proxy in front of it passes them on")
}

// Receive returns the next message. If ctx ends, so does the connection.
func (s *Socket) Receive(ctx context.Context) ([]byte, error) {
	kind, message, err := s.conn.Read(ctx)
	switch {
	case err != nil:
		return nil, s.lost(err)
	case kind != websocket.MessageText:
		return nil, s.Fail(connectors.KindBadResponse, "a message is not text")
	}
	return message, nil
}

// Send sends a message.
func (s *Socket) Send(ctx context.Context, message []byte) error {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := s.conn.Write(ctx, websocket.MessageText, message); err != nil {
		return s.lost(err)
	}
	return nil
}

// Fail returns an error of this source.
func (s *Socket) Fail(kind connectors.ErrorKind, detail string) *connectors.Error {
	return &connectors.Error{Source: s.source, Op: s.op, Kind: kind, Detail: detail}
}

// lost describes why the connection has ended.
func (s *Socket) lost(err error) *connectors.Error {
	if errors.Is(err, websocket.ErrMessageTooBig) {
		return s.Fail(connectors.KindBadResponse, "a message is longer than 64 KiB")
	}
	e := upstream.NetworkError(err)
	if websocket.CloseStatus(err) >= 0 {
		e.Detail = "the source has closed the connection"
	}
	e.Source, e.Op = s.source, s.op
	return e
}

// Close ends the connection at once.
func (s *Socket) Close() { s.conn.CloseNow() } //nolint:errcheck // nothing depends on how it ends
