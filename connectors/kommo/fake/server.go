package fake

import (
	"maps"
	"net/http"
	"strings"
	"sync"
	"time"
)

// Server answers as Kommo does. Safe for concurrent use.
type Server struct {
	mu      sync.Mutex
	data    Data
	index   *index
	options Options
	calls   map[string]int
	limiter limiter
	issuer  issuer
}

// New makes an account. The server keeps data; change it through Update only.
func New(data Data, options Options) *Server {
	s := &Server{data: data, index: newIndex(&data), options: options, calls: make(map[string]int)}
	s.issuer.add(data.Grants, time.Now())
	return s
}

// Update changes what the account holds. Answers that are being written keep what they began with: replace slices' elements, or the
// slices, but not what an element points to.
func (s *Server) Update(change func(*Data)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.data.Grants = nil // those that are there are with the issuer
	change(&s.data)
	s.index = newIndex(&s.data)
	s.issuer.add(s.data.Grants, time.Now())
}

// Configure turns the options.
func (s *Server) Configure(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
}

// Calls counts the calls that were answered or refused, by name: account.get, users.list, users.get, roles.list, roles.get,
// contacts.list, contacts.get, token.refresh, token.code, subdomain, and unknown.
func (s *Server) Calls() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.calls)
}

// ResetCalls begins to count anew.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

// call is one request with what it is answered from.
type call struct {
	w       http.ResponseWriter
	r       *http.Request
	op      string
	id      string // of the one record asked for; empty for a list
	options Options
	index   *index
}

// ServeHTTP answers a request whose path begins with /api/v4/ or /oauth2/.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := &call{w: w, r: r}
	c.op, c.id = operation(r.URL.Path)
	var asked tokenRequest
	switch r.URL.Path {
	case tokenPath:
		asked, c.op = readTokenRequest(r)
	case subdomainPath:
		c.op = "subdomain"
	}
	s.mu.Lock()
	s.calls[c.op]++
	n, hook := s.calls[c.op], s.options.OnRequest
	s.mu.Unlock()
	if hook != nil {
		hook(c.op, n)
	}

	s.mu.Lock()
	c.options, c.index = s.options, s.index
	refusal := s.limiter.check(c.options, time.Now())
	s.mu.Unlock()
	if !c.wait() {
		return
	}
	switch {
	case refusal == shutOut || c.options.Blocked:
		c.blockPage()
	case c.options.BlockedText:
		c.text(http.StatusForbidden, "403 Forbidden")
	case refusal == tooMany:
		c.tooMany()
	case c.options.Overloaded:
		c.html(http.StatusGatewayTimeout, "504 Gateway Time-out")
	case c.options.LoginPage:
		c.html(http.StatusOK, "Log in")
	case strings.HasPrefix(c.op, "token."):
		s.token(c, asked)
	case c.op == "subdomain":
		s.subdomain(c)
	case c.moved():
		c.problem(http.StatusUnauthorized)
	default:
		c.answer(s)
	}
}

// operation gives a path's call and the ID that it ends with.
func operation(path string) (op, id string) {
	rest, ok := strings.CutPrefix(path, "/api/v4/")
	name, id, one := strings.Cut(strings.TrimSuffix(rest, "/"), "/")
	switch {
	case !ok, strings.Contains(id, "/"):
	case name == "account" && !one:
		return "account.get", ""
	case name == "users", name == "roles", name == "contacts":
		if one {
			return name + ".get", id
		}
		return name + ".list", ""
	}
	return "unknown", ""
}

// wait takes the time that a slow answer takes; false when the client has gone.
func (c *call) wait() bool {
	if c.options.Slow <= 0 {
		return true
	}
	t := time.NewTimer(c.options.Slow)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-c.r.Context().Done():
		return false
	}
}

func (c *call) answer(s *Server) {
	bearer, _ := strings.CutPrefix(c.r.Header.Get("Authorization"), "Bearer ")
	token, ok := c.index.tokens[bearer]
	if !ok {
		token, ok = s.issued(bearer)
	}
	switch {
	case !ok, !token.Expires.IsZero() && !time.Now().Before(token.Expires):
		c.problem(http.StatusUnauthorized)
	case c.options.Unpaid:
		c.problem(http.StatusPaymentRequired)
	case c.op == "unknown":
		c.problem(http.StatusNotFound)
	case c.r.Method != http.MethodGet:
		c.problem(http.StatusMethodNotAllowed)
	case !token.Admin && (strings.HasPrefix(c.op, "users.") || strings.HasPrefix(c.op, "roles.")):
		c.problem(orElse(c.options.NotAdminStatus, http.StatusForbidden))
	default:
		c.serve(token)
	}
}

func (c *call) serve(token Token) {
	switch c.op {
	case "account.get":
		c.account(token)
	case "users.list":
		list(c, "users", c.index.data.Users, true, c.user)
	case "users.get":
		one(c, c.index.data.Users, c.index.users, c.user)
	case "roles.list":
		list(c, "roles", c.index.data.Roles, true, c.role)
	case "roles.get":
		one(c, c.index.data.Roles, c.index.roles, c.role)
	case "contacts.list":
		list(c, "contacts", c.contacts(), false, c.contact)
	case "contacts.get":
		one(c, c.index.data.Contacts, c.index.contacts, c.contact)
	}
}
