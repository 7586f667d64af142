package rocketchat

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
	"roster/connectors/rest"
)

// The realtime API is DDP, the protocol of Meteor, over a WebSocket.
//
// https://github.com/RocketChat/developer-docs (realtime API), https://github.com/meteor/meteor/blob/devel/packages/ddp/DDP.md
const (
	routeRealtime = "websocket"

	stream      = "stream-notify-logged"
	eventStatus = "user-status"
	loginID     = "login"
	// streamID is the same in every connection. Rocket.Chat's documents ask for a new ID after a reconnect, but a subscription ends with its connection.
	streamID = "presence"

	// pingEvery is the time between two pings to the server, and silentFor the longest time without any message of it.
	pingEvery = 10 * time.Second
	silentFor = 25 * time.Second
)

// ddp is a message of the server. Members of other types than expected are absent, because all kinds of messages share them.
type ddp struct {
	Msg        string          `json:"msg"`
	ID         json.RawMessage `json:"id"`
	Subs       json.RawMessage `json:"subs"`
	Error      json.RawMessage `json:"error"`
	Collection string          `json:"collection"`
	Fields     json.RawMessage `json:"fields"`
}

// about reports whether the message is about a call or a subscription of this client.
func (m *ddp) about(id string) bool {
	var is string
	return json.Unmarshal(m.ID, &is) == nil && is == id
}

// refuses reports whether the message has an error, whose text may be anything.
func (m *ddp) refuses() bool { return len(m.Error) > 0 && string(m.Error) != "null" }

// isReady reports whether a subscription has begun.
func (m *ddp) isReady(id string) bool {
	var subs []string
	if m.Msg != "ready" || json.Unmarshal(m.Subs, &subs) != nil {
		return false
	}
	for _, sub := range subs {
		if sub == id {
			return true
		}
	}
	return false
}

// watcher receives presence over the realtime API.
type watcher struct {
	rest                 *rest.Client
	token                connectors.Secret
	pingEvery, silentFor time.Duration
}

// WatchPresence connects, logs in with the token, and subscribes to user-status. A server that keeps presence to itself (Presence_broadcast_disabled) does
// not refuse that, and sends nothing: Presence then answers KindUnsupported.
func (w *watcher) WatchPresence(ctx context.Context, each func(connectors.PresenceUpdate)) error {
	socket, err := w.rest.OpenSocket(ctx, rest.Request{Op: routeRealtime, Path: routeRealtime, Bucket: routeRealtime}, w.greet)
	if err != nil {
		return err
	}
	defer socket.Close()
	each(connectors.PresenceUpdate{})
	return w.listen(ctx, socket, each)
}

// greet exchanges the messages up to the begin of the subscription.
func (w *watcher) greet(ctx context.Context, s *rest.Socket) error {
	for _, step := range []struct {
		say  map[string]any
		done func(*ddp) (bool, *connectors.Error)
	}{
		{map[string]any{"msg": "connect", "version": "1", "support": []string{"1"}}, func(m *ddp) (bool, *connectors.Error) {
			if m.Msg == "failed" {
				return true, s.Fail(connectors.KindUnsupported, "the server speaks another version of DDP than 1")
			}
			return m.Msg == "connected", nil
		}},
		{map[string]any{"msg": "method", "method": "login", "id": loginID, "params": []any{map[string]string{"resume": w.token.Reveal()}}}, func(m *ddp) (bool, *connectors.Error) {
			if m.Msg == "result" && m.about(loginID) && m.refuses() {
				return true, loginFailed(s, m)
			}
			return m.Msg == "result" && m.about(loginID), nil
		}},
		{map[string]any{"msg": "sub", "id": streamID, "name": stream, "params": []any{eventStatus, false}}, func(m *ddp) (bool, *connectors.Error) {
			if m.Msg == "nosub" && m.about(streamID) {
				return true, s.Fail(connectors.KindForbidden, "the server does not tell the user of auth_token of changes of presence")
			}
			return m.isReady(streamID), nil
		}},
	} {
		if err := say(ctx, s, step.say); err != nil {
			return err
		}
		for {
			m, err := hear(ctx, s)
			if err != nil {
				return err
			}
			if done, e := step.done(m); e != nil {
				return e
			} else if done {
				break
			}
		}
	}
	return nil
}

// loginFailed describes a failed login. The documents name no codes of errors of the realtime API: those of the REST API for a refused token count as such
// here too. Others, such as those of the limiter that the realtime API has, say nothing about the token.
func loginFailed(s *rest.Socket, m *ddp) *connectors.Error {
	var failure struct {
		Error json.RawMessage `json:"error"`
	}
	if json.Unmarshal(m.Error, &failure) == nil {
		switch strings.ToLower(strings.Trim(string(failure.Error), `"`)) {
		case "401", "403", "unauthorized":
			return s.Fail(connectors.KindUnauthorized, "the realtime API does not accept auth_token")
		}
	}
	return s.Fail(connectors.KindUnavailable, "the login to the realtime API fails, and the server does not say that auth_token is the cause")
}

// listen passes on what the server tells, until the connection ends or is silent for too long.
func (w *watcher) listen(ctx context.Context, s *rest.Socket, each func(connectors.PresenceUpdate)) error {
	ctx, end := context.WithCancelCause(ctx)
	var heard atomic.Int64 // in nanoseconds since began
	began := time.Now()
	var pinging sync.WaitGroup
	defer pinging.Wait()
	defer end(nil)
	pinging.Go(func() {
		for {
			select {
			case <-time.After(w.pingEvery):
			case <-ctx.Done():
				return
			}
			if time.Since(began)-time.Duration(heard.Load()) > w.silentFor {
				end(s.Fail(connectors.KindTimeout, "the connection is silent"))
			}
			if say(ctx, s, map[string]any{"msg": "ping"}) != nil {
				return // what ends the connection, the reader finds out too
			}
		}
	})
	for {
		m, err := hear(ctx, s)
		if silent, ok := errors.AsType[*connectors.Error](context.Cause(ctx)); ok {
			return silent
		}
		if err != nil {
			return err
		}
		heard.Store(int64(time.Since(began)))
		switch {
		case m.Msg == "nosub" && m.about(streamID):
			return s.Fail(connectors.KindForbidden, "the server has ended the subscription to presence")
		case m.Msg == "changed" && m.Collection == stream:
			for _, update := range updatesOf(m.Fields) {
				each(update)
			}
		}
		each(connectors.PresenceUpdate{})
	}
}

// updatesOf reads the updates of an event. Its tuples have an ID, a username, a number for the status and a text; newer servers have more after them. What
// cannot be read says nothing. A number that is not known says that the presence is another one than before.
func updatesOf(fields json.RawMessage) (updates []connectors.PresenceUpdate) {
	var event struct {
		EventName string              `json:"eventName"`
		Args      [][]json.RawMessage `json:"args"`
	}
	if json.Unmarshal(fields, &event) != nil || event.EventName != eventStatus {
		return nil
	}
	for _, tuple := range event.Args {
		const id, status, text = 0, 2, 3
		if len(tuple) <= status {
			continue
		}
		var u connectors.PresenceUpdate
		if u.ID = textOf(tuple[id]); u.ID == "" {
			continue
		}
		if u.State = statuses[string(tuple[status])]; len(tuple) > text {
			u.Text = textOf(tuple[text])
		}
		updates = append(updates, u)
	}
	return updates
}

// statuses are the numbers of the states.
var statuses = map[string]connectors.PresenceState{
	"0": connectors.PresenceOffline, "1": connectors.PresenceOnline, "2": connectors.PresenceAway, "3": connectors.PresenceBusy,
}

// textOf returns a text within the bounds of all texts, or "".
func textOf(raw json.RawMessage) string {
	v, err := decode.JSON(raw)
	if err != nil {
		return ""
	}
	return v.Itself()
}

// say sends a message.
func say(ctx context.Context, s *rest.Socket, message map[string]any) error {
	text, err := json.Marshal(message)
	if err != nil {
		return err
	}
	return s.Send(ctx, text)
}

// hear returns the next message, and answers it if it is a ping.
func hear(ctx context.Context, s *rest.Socket) (*ddp, error) {
	text, err := s.Receive(ctx)
	if err != nil {
		return nil, err
	}
	m := new(ddp)
	if _, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(text, m)); ok {
		return nil, s.Fail(connectors.KindBadResponse, "a message is not JSON")
	}
	if m.Msg != "ping" {
		return m, nil
	}
	pong := map[string]any{"msg": "pong"}
	if len(m.ID) > 0 {
		pong["id"] = m.ID
	}
	return m, say(ctx, s, pong)
}
