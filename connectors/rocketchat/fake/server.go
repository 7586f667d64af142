package fake

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// Server is the vendor. Safe for concurrent use.
type Server struct {
	mu      sync.Mutex
	data    Data
	options Options
	index   *index // nil after a change
	windows map[string]*window
	calls   map[string]int
	sockets map[*socket]bool
}

// New gives a server with its own copy of the rows.
func New(d Data, k Options) *Server {
	return &Server{data: d.clone(), options: k, windows: make(map[string]*window), calls: make(map[string]int), sockets: make(map[*socket]bool)}
}

// Update changes the data between two answers.
func (s *Server) Update(change func(*Data)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.data)
	s.index = nil
}

// Configure changes the options between two answers.
func (s *Server) Configure(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
}

// SetPresence changes the presence of a user, if there is one of that ID, and tells clients of the realtime API, unless presence is disabled.
func (s *Server) SetPresence(id, status, text string) {
	s.mu.Lock()
	u := s.indexed().user(id)
	if u == nil {
		s.mu.Unlock()
		return
	}
	u.Status, u.StatusText = status, text
	s.index.forget("status")
	event, disabled := s.options.statusEvent(u), s.options.PresenceDisabled
	s.mu.Unlock()
	if !disabled {
		s.Tell(event)
	}
}

// Calls counts the calls of each operation, answered or refused: info, avatar, and the names below /api/v1, such as users.list. What the
// server does not know is counted as unknown.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// ResetCalls starts counting anew.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

// routes are the calls that need a credential.
var routes = map[string]func(*call) answer{
	"me":             (*call).me,
	"users.list":     (*call).usersList,
	"users.info":     (*call).usersInfo,
	"users.presence": (*call).usersPresence,
	"roles.list":     (*call).rolesList,
	"teams.listAll":  (*call).teamsListAll,
	"teams.info":     (*call).teamsInfo,
	"teams.members":  (*call).teamsMembers,
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := operation(r)
	s.begin(op)
	s.mu.Lock()
	if op == "websocket" && !slices.Contains(s.options.Missing, op) {
		s.mu.Unlock()
		s.realtime(w, r)
		return
	}
	a := s.answer(w.Header(), r, op)
	body, err := a.encode()
	s.mu.Unlock()
	if err != nil {
		http.Error(w, "the rows cannot be written as JSON", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", a.contentType())
	w.WriteHeader(a.status)
	_, _ = w.Write(body) // a client may have gone
}

func operation(r *http.Request) string {
	switch op, ok := strings.CutPrefix(r.URL.Path, "/api/v1/"); {
	case r.URL.Path == "/api/info":
		return "info"
	case r.URL.Path == realtimePath:
		return "websocket"
	case strings.HasPrefix(r.URL.Path, "/avatar/"):
		return "avatar"
	case ok && routes[op] != nil:
		return op
	}
	return "unknown"
}

// begin counts the call and gives the hook its turn, outside the lock, since it may change things.
func (s *Server) begin(op string) {
	s.mu.Lock()
	s.calls[op]++
	n, hook := s.calls[op], s.options.OnRequest
	s.mu.Unlock()
	if hook != nil {
		hook(op, n)
	}
}

func (s *Server) answer(header http.Header, r *http.Request, op string) answer {
	route := routes[op]
	switch {
	case r.Method != http.MethodGet || slices.Contains(s.options.Missing, op) || op == "unknown":
		return answer{status: http.StatusNotFound, body: object{"success": false, "error": "Resource not found"}}
	case op == "info":
		return s.info()
	case op == "avatar":
		return s.avatar(r)
	}
	who, ok := s.credential(r)
	if !ok {
		return s.notLoggedIn()
	}
	if !s.options.NoLimits && !who.may(BypassRateLimit) {
		if wait := s.limit(header, op, r.RemoteAddr); wait > 0 {
			return tooMany(wait)
		}
	}
	c := &call{Server: s, who: who, op: op, query: r.URL.Query()}
	if a, refused := c.unknownParameters(); refused {
		return a
	}
	return route(c)
}

// info tells the version, without its last number since nobody is logged in.
func (s *Server) info() answer {
	body := object{"success": true}
	if parts := strings.Split(s.options.versionText(), "."); !s.options.HideVersion {
		body["version"] = strings.Join(parts[:min(2, len(parts))], ".")
	}
	return answer{status: http.StatusOK, body: body}
}

// object is a JSON object.
type object map[string]any

// answer is what a call gets: a JSON object, or a picture.
type answer struct {
	status  int
	body    object
	picture string
}

func (a answer) encode() ([]byte, error) {
	if a.picture != "" {
		return []byte(a.picture), nil
	}
	return json.Marshal(a.body)
}

func (a answer) contentType() string {
	if a.picture != "" {
		return "image/svg+xml"
	}
	return "application/json"
}
