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

// smallMessage is how long a message may be that is read before it is counted: none that only keeps the connection alive is longer.
const smallMessage = 1 << 10

// receive reads one message by the rules of a body: its sender is counted, it finds a place if it is large, and only then it is parsed. Of one that is
// refused before that, the ID is given if it stands at the beginning. An error without a code says that the connection is over.
func (s *socket) receive() (m message, e *refusal) {
	kind, body, err := s.conn.Reader(s.ctx)
	if err != nil {
		return m, connectionOver
	}
	late := time.AfterFunc(s.door.limits.BodyTime, func() { s.close(websocket.StatusPolicyViolation, "The message did not come in time") })
	defer late.Stop()
	body = servingOf(s.ctx).rate.message(body, func() { s.close(websocket.StatusPolicyViolation, "The message comes too slowly") })
	b := buffer()
	defer release(b)
	if _, err = b.ReadFrom(io.LimitReader(body, smallMessage)); err != nil {
		return m, connectionOver
	}
	counted := b.Len() == smallMessage && s.known
	if counted {
		if _, e = s.door.count(s.caller); e != nil {
			return s.unread(b.Bytes(), body, e)
		}
	}
	large := s.door.hold(admission.LargeBodies, &s.caller)
	defer large.Release()
	err = s.door.weigh(&large, b, body)
	switch refused, full := errors.AsType[*refusal](err); {
	case full:
		return s.unread(b.Bytes(), body, refused)
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
		_, e = s.door.count(s.caller)
	}
	return m, e
}

var (
	connectionOver = &refusal{}
	badMessage     = badRequest(0, "%s", errMessage)
)

// unread leaves the rest of a message aside, and gives whose it is.
func (*socket) unread(begin []byte, rest io.Reader, e *refusal) (m message, _ *refusal) {
	m.ID = idIn(begin)
	if _, err := io.Copy(io.Discard, rest); err != nil {
		return m, connectionOver
	}
	return m, e
}

// idIn finds an operation's ID in the beginning of its message; empty where it does not stand before the payload, as it does with all clients.
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

// decline tells a client that its message is not taken, and is false where that ends the connection.
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
