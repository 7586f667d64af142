package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/coder/websocket"

	"roster/internal/admission"
)

// smallMessage is the length up to which a message is read before it is counted. Messages that only keep the connection alive are not longer.
const smallMessage = 1 << 10

// receive reads one message by the rules of a body: it counts its sender, acquires a large body if necessary, and only then parses it. If the message is
// refused before that, receive returns its ID if the ID is at the beginning. An error without a code says that the connection is closed.
func (s *socket) receive() (m message, e *refusal) {
	kind, body, err := s.conn.Reader(s.ctx)
	if err != nil {
		return m, connectionOver
	}
	late := time.AfterFunc(s.handler.limits.BodyTime, func() { s.close(websocket.StatusPolicyViolation, "The message did not come in time") })
	defer late.Stop()
	body = servingOf(s.ctx).rate.message(body, func() { s.close(websocket.StatusPolicyViolation, "The message comes too slowly") })
	b := buffer()
	defer release(b)
	if _, err = b.ReadFrom(io.LimitReader(body, smallMessage)); err != nil {
		return m, connectionOver
	}
	counted := b.Len() == smallMessage && s.known
	if counted {
		if _, e = s.handler.count(s.caller); e != nil {
			return s.discardRest(b.Bytes(), body, e)
		}
	}
	large := s.handler.hold(admission.LargeBodies, &s.caller)
	defer large.Release()
	err = s.handler.readBounded(&large, b, body)
	switch refused, full := errors.AsType[*refusal](err); {
	case full:
		return s.discardRest(b.Bytes(), body, refused)
	case err != nil:
		return m, connectionOver
	}
	if !late.Stop() {
		return m, connectionOver
	}
	m, err = readMessage(b.Bytes())
	if kind != websocket.MessageText || err != nil {
		return m, badMessage
	}
	if m.Type == messageSubscribe && s.known && !counted {
		_, e = s.handler.count(s.caller)
	}
	return m, e
}

var (
	connectionOver = &refusal{}
	badMessage     = badRequest(0, "%s", errMessage)
)

// discardRest discards the rest of a message, and returns its ID.
func (*socket) discardRest(begin []byte, rest io.Reader, e *refusal) (m message, _ *refusal) {
	m.ID = idIn(begin)
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return m, connectionOver
	}
	return m, e
}

// idIn returns an operation's ID from the beginning of its message. It is empty if it is not before the payload, where all known clients put it.
func idIn(begin []byte) string {
	begin = bytes.TrimPrefix(begin[:min(len(begin), smallMessage)], byteOrderMark)
	decoder := json.NewDecoder(bytes.NewReader(begin))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		return ""
	}
	for {
		name, err := decoder.Token()
		if err != nil {
			return ""
		}
		value, err := decoder.Token()
		text, ok := value.(string)
		switch {
		case err != nil || !ok:
			return ""
		case name == "id" && len(text) <= longestID:
			return text
		}
	}
}

// decline refuses a message. It returns false if that ends the connection.
func (s *socket) decline(id string, e *refusal) bool {
	switch {
	case e == connectionOver:
		return false
	case e.code == codeBadRequest:
		s.close(closeBadMessage, "Invalid message received")
		return false
	case id == "":
		s.close(websocket.StatusTryAgainLater, "Too much at present, and it is not known by which operation")
		return false
	}
	return s.refuse(id, e.list()) == nil
}
