package fake

import (
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Server is the vendor. Safe for concurrent use.
type Server struct {
	mu      sync.Mutex
	data    Data
	options Options
	calls   map[string]int
	last    time.Time            // of the last call that was not refused
	answers map[string][]byte    // by action, until data or options change
	hidden  map[string]time.Time // rows that lists do not show before then, by list and ID
	issuer  issuer
}

// New gives a server with its own copy of the rows.
func New(d Data, k Options) *Server {
	d.Users, d.Groups = slices.Clone(d.Users), slices.Clone(d.Groups)
	d.Contacts, d.ContactGroups, d.Tasks = slices.Clone(d.Contacts), slices.Clone(d.ContactGroups), slices.Clone(d.Tasks)
	s := &Server{data: d, options: k, calls: make(map[string]int), hidden: make(map[string]time.Time)}
	s.issuer.add(d.Grants, time.Now())
	return s
}

// Update changes the data between two answers.
func (s *Server) Update(change func(*Data)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Grants = nil // those that are there are with the issuer
	change(&s.data)
	s.answers = nil
	s.issuer.add(s.data.Grants, time.Now())
}

// Configure changes the options between two answers.
func (s *Server) Configure(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
	s.answers = nil
}

// Holds gives all that the account holds, whatever lists show of it.
func (s *Server) Holds() Data {
	s.mu.Lock()
	defer s.mu.Unlock()
	d := s.data
	d.Users, d.Groups = slices.Clone(d.Users), slices.Clone(d.Groups)
	d.Contacts, d.ContactGroups, d.Tasks = slices.Clone(d.Contacts), slices.Clone(d.ContactGroups), slices.Clone(d.Tasks)
	return d
}

// Calls counts the calls of each action, answered or refused, and those of oauth2/token and oauth2/refresh.
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

// The longest request line and form that the vendor takes.
const (
	maxLine = 8 << 10
	maxForm = 64 << 10
)

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	path := strings.TrimSuffix(r.URL.Path, "/")
	if path == "/oauth2/token" || path == "/oauth2/refresh" {
		s.tokens(w, r, path[1:])
		return
	}
	if path != "/api/admin/v2" && path != "/api/oauth2" {
		page(w, http.StatusNotFound)
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodPost {
		page(w, http.StatusMethodNotAllowed)
		return
	}
	if len(r.URL.RequestURI()) > maxLine {
		page(w, http.StatusRequestURITooLong)
		return
	}
	raw, object := r.URL.RawQuery, []byte(nil)
	if r.Method == http.MethodPost {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxForm))
		if err != nil {
			return // the client has gone
		}
		if !strings.HasPrefix(r.Header.Get("Content-Type"), "application/json") {
			raw = strings.Trim(raw+"&"+string(body), "&")
		} else {
			object = body
		}
	}
	given := parseForm(raw, object)
	cut := s.begin(parse(raw, false).action)
	if cut == CutBefore {
		panic(http.ErrAbortHandler)
	}
	a, owned := s.answerOwner(path, r.Header.Get("Authorization"), parse(raw, false).action)
	if !owned {
		a = s.answer(raw, given, path == "/api/oauth2", r.Header.Get("Authorization"))
	}
	if cut == CutAfter {
		panic(http.ErrAbortHandler)
	}
	write(w, a)
}

func write(w http.ResponseWriter, a answer) {
	h := w.Header()
	h.Set("Content-Type", "application/json; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(a.body)))
	if a.retryAfter > 0 {
		h.Set("Retry-After", strconv.Itoa(int((a.retryAfter+time.Second-1)/time.Second)))
	}
	w.WriteHeader(a.status)
	_, _ = w.Write(a.body) // a client may have gone
}

// begin counts the call and gives the hooks their turns, outside the lock, since they may change data.
func (s *Server) begin(action string) Cut {
	s.mu.Lock()
	s.calls[action]++
	n, hook, cut := s.calls[action], s.options.OnRequest, s.options.OnCut
	s.mu.Unlock()
	if hook != nil {
		hook(action, n)
	}
	if cut != nil {
		return cut(action, n)
	}
	return CutNever
}

// answer is what a call gets.
type answer struct {
	status     int
	body       []byte
	retryAfter time.Duration
}

func (s *Server) answer(raw string, given form, asUser bool, authorization string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := answer{status: http.StatusOK}
	c := parse(raw, s.options.Reencode)
	switch wait := s.wait(); {
	case asUser && !s.issuer.knows(authorization, time.Now()):
		a.status, a.body = http.StatusUnauthorized, s.options.expired()
	case !asUser && !c.signedWith(s.data.APIKey) && !c.stampedWith(s.data.APIKey, authorization, orElse(s.options.Skew, defaultSkew)):
		a.body = failure(2, "Action hash is missed or invalid")
	case wait > 0:
		a.body = failure(3, "Too many requests")
		if s.options.Throttle429 {
			a.status, a.retryAfter = http.StatusTooManyRequests, wait
		}
	default:
		s.last = time.Now()
		var changed bool
		if a.body, changed = s.change(c.action, given); !changed {
			a.body = s.list(c.action)
		}
	}
	return a
}

// wait is how long until the next call may come.
func (s *Server) wait() time.Duration {
	interval := s.options.interval()
	if interval <= 0 || s.last.IsZero() {
		return 0
	}
	return interval - time.Since(s.last)
}

// list gives the answer to an action, encoded once for as long as nothing changes.
func (s *Server) list(action string) []byte {
	if slices.Contains(s.options.Denied, action) {
		return failure(20, "access denied")
	}
	s.reveal()
	if b, ok := s.answers[action]; ok {
		return b
	}
	var b []byte
	switch action {
	case "get_users":
		b = list(s.options, shown(s, action, s.data.Users, func(r User) string { return r.ID }), s.options.user)
	case "get_user_groups":
		b = list(s.options, shown(s, action, s.data.Groups, func(r Group) string { return r.ID }), s.options.group)
	case "get_contacts":
		b = list(s.options, shown(s, action, s.data.Contacts, func(r Contact) string { return r.ID }), s.options.contact)
	case "get_contact_groups":
		b = list(s.options, shown(s, action, s.data.ContactGroups, func(r ContactGroup) string { return r.ID }), s.options.contactGroup)
	default:
		return failure(1, "Action is invalid")
	}
	if s.answers == nil {
		s.answers = make(map[string][]byte)
	}
	s.answers[action] = b
	return b
}

// page is what the server before the interface says.
func page(w http.ResponseWriter, status int) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<html><body><h1>"+http.StatusText(status)+"</h1></body></html>") // a client may have gone
}
