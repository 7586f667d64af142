package fake

import (
	"context"
	"crypto/subtle"
	"encoding/json"
	"net/http"
	"sync"

	"github.com/coder/websocket"
)

// realtimePath is where WebSockets are opened.
const realtimePath = "/websocket"

// stream is what presence is told through.
const stream = "stream-notify-logged"

// socket is a client of the realtime API.
type socket struct {
	conn *websocket.Conn
	ctx  context.Context //nolint:containedctx // of the connection

	mu      sync.Mutex
	user    string // empty before the login
	watches bool   // user-status
}

// request is a message of a client.
type request struct {
	Msg     string   `json:"msg"`
	ID      string   `json:"id"`
	Version string   `json:"version"`
	Support []string `json:"support"`
	Method  string   `json:"method"`
	Name    string   `json:"name"`
	Params  []any    `json:"params"`
}

// The documents do not say all of what a server sends. These are guesses: server_id; the code and the text of a refused login; that a personal access token
// may log in; the code of a refused subscription; and that a server with presence disabled accepts the subscription and sends nothing.

// realtime serves a client until it leaves, or CloseSockets.
func (s *Server) realtime(w http.ResponseWriter, r *http.Request) {
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{InsecureSkipVerify: true})
	if err != nil {
		return
	}
	defer conn.CloseNow() //nolint:errcheck // it is over
	c := &socket{conn: conn, ctx: r.Context()}
	s.mu.Lock()
	s.sockets[c] = true
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		delete(s.sockets, c)
		s.mu.Unlock()
	}()
	c.send(object{"server_id": "0"})
	for connected := false; ; {
		_, text, err := conn.Read(c.ctx)
		if err != nil {
			return
		}
		var in request
		switch err := json.Unmarshal(text, &in); {
		case err != nil:
			c.send(object{"msg": "error", "reason": "Bad request"})
		case in.Msg == "connect" && in.Version != "1":
			c.send(object{"msg": "failed", "version": "1"})
			return
		case in.Msg == "connect":
			connected = true
			c.send(object{"msg": "connected", "session": "kS3vZ8qLrXc2NvHdP"})
		case !connected:
			c.send(object{"msg": "error", "reason": "Must connect first", "offendingMessage": json.RawMessage(text)})
		default:
			s.handle(c, &in)
		}
	}
}

// handle answers a message after the connection.
func (s *Server) handle(c *socket, in *request) {
	switch in.Msg {
	case "ping":
		c.send(object{"msg": "pong", "id": in.ID})
	case "pong":
		s.begin("pong")
	case "method":
		s.method(c, in)
	case "sub":
		c.mu.Lock()
		known := c.user != "" && in.Name == stream && len(in.Params) > 0 && in.Params[0] == "user-status"
		c.watches = c.watches || known
		c.mu.Unlock()
		if known {
			c.send(object{"msg": "ready", "subs": []string{in.ID}})
		} else {
			c.send(object{"msg": "nosub", "id": in.ID, "error": object{"error": "not-allowed", "errorType": "Meteor.Error"}})
		}
	}
}

// method logs a client in.
func (s *Server) method(c *socket, in *request) {
	var token string
	if len(in.Params) == 1 {
		param, _ := in.Params[0].(map[string]any)
		token, _ = param["resume"].(string)
	}
	s.mu.Lock()
	var who string
	for _, known := range s.data.Credentials {
		u := s.indexed().user(known.UserID)
		if in.Method == "login" && subtle.ConstantTimeCompare([]byte(known.Token), []byte(token)) == 1 && (u == nil || !u.Deactivated) {
			who = known.UserID
		}
	}
	s.mu.Unlock()
	if who == "" {
		c.send(object{"msg": "result", "id": in.ID, "error": object{"error": s.loginError(), "reason": "You've been logged out by the server. Please log in again.", "errorType": "Meteor.Error"}})
	} else {
		c.mu.Lock()
		c.user = who
		c.mu.Unlock()
		c.send(object{"msg": "added", "collection": "users", "id": who, "fields": object{}})
		c.send(object{"msg": "result", "id": in.ID, "result": object{"id": who, "token": token}})
	}
	c.send(object{"msg": "updated", "methods": []string{in.ID}})
}

// loginError is the code of a login that fails.
func (s *Server) loginError() any {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.options.LoginError != nil {
		return s.options.LoginError
	}
	return 403
}

// send sends a message. A client that does not take it has gone.
func (c *socket) send(message any) {
	text, ok := message.(string)
	if !ok {
		encoded, err := json.Marshal(message)
		if err != nil {
			return
		}
		text = string(encoded)
	}
	_ = c.conn.Write(c.ctx, websocket.MessageText, []byte(text)) // as above
}

// watching returns the clients that are told of presence.
func (s *Server) watching() (all []*socket) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		c.mu.Lock()
		if c.watches {
			all = append(all, c)
		}
		c.mu.Unlock()
	}
	return all
}

// Watching returns how many clients are told of presence.
func (s *Server) Watching() int { return len(s.watching()) }

// Tell sends a message, an object or the text of one, to all clients that are told of presence.
func (s *Server) Tell(message any) {
	for _, c := range s.watching() {
		c.send(message)
	}
}

// CloseSockets cuts all connections.
func (s *Server) CloseSockets() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.sockets {
		go c.conn.CloseNow() //nolint:errcheck // it is over
	}
}

// numbers are those of the states in events.
var numbers = map[string]int{"offline": 0, "online": 1, "away": 2, "busy": 3}

// statusEvent is what clients are told of a user. Tuples have 3, 6 or 8 items, depending on the version: which version, and what follows the text, is a guess.
func (k Options) statusEvent(u *User) object {
	tuple := []any{u.ID, u.Username, numbers[u.status()], u.StatusText}
	if k.atLeast(7, 0) {
		tuple = append(tuple, u.Name, u.Roles)
	}
	return object{"msg": "changed", "collection": stream, "id": "id", "fields": object{"eventName": "user-status", "args": []any{tuple}}}
}
