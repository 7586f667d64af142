package fake

import (
	"cmp"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The operations, by which calls are counted.
const (
	OpUsersList    = "admin/accounts/users/list"
	OpAccountsList = "admin/accounts/list"
)

const (
	root        = "/api/v1.1/"
	defaultRate = 10
	maxRequest  = 1 << 20
)

// Server is an installation. Safe for concurrent use.
type Server struct {
	mu      sync.RWMutex
	data    Data
	options Options
	byID    map[int64]*Account
	admins  map[string]bool
	others  map[string]bool
	calls   map[string]int
	recent  []time.Time // when the calls of the last second came
}

// New gives a server that holds d.
func New(d Data, k Options) *Server {
	s := &Server{data: d, options: k, calls: make(map[string]int)}
	s.index()
	return s
}

// Update changes the data between two answers.
func (s *Server) Update(change func(*Data)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.data)
	s.index()
}

// Configure changes the options between two answers.
func (s *Server) Configure(change func(*Options)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.options)
}

// Calls gives how many calls came, answered or refused, by operation.
func (s *Server) Calls() map[string]int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return maps.Clone(s.calls)
}

// ResetCalls starts the counts anew.
func (s *Server) ResetCalls() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.calls)
}

func (s *Server) index() {
	s.data.Accounts = slices.Clone(s.data.Accounts)
	slices.SortFunc(s.data.Accounts, func(a, b Account) int { return cmp.Compare(a.ID, b.ID) })
	s.byID = make(map[int64]*Account, len(s.data.Accounts))
	for i := range s.data.Accounts {
		s.byID[s.data.Accounts[i].ID] = &s.data.Accounts[i]
	}
	s.admins, s.others = make(map[string]bool), make(map[string]bool)
	for _, t := range s.data.Tokens {
		s.admins[t] = true
	}
	for _, t := range s.data.UserTokens {
		s.others[t] = true
	}
}

// ServeHTTP answers one call.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	op := strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, root), "/")
	if !strings.HasPrefix(r.URL.Path, root) || (op != OpUsersList && op != OpAccountsList) {
		http.NotFound(w, r)
		return
	}
	n, withinLimit, options := s.arrive(op)
	// Read first: until then, net/http does not notice that a caller has gone.
	req, parsed := readRequest(r)
	if options.OnRequest != nil {
		options.OnRequest(op, n)
	}
	if options.Delay > 0 {
		select {
		case <-time.After(options.Delay):
		case <-r.Context().Done():
			return
		}
	}
	slashed := strings.HasSuffix(r.URL.Path, "/")
	documented := slashed == (op == OpAccountsList)
	switch {
	case options.RedirectAll || options.RedirectSlash && !documented:
		other := root + op
		if !slashed {
			other += "/"
		}
		http.Redirect(w, r, options.Prefix+other, http.StatusMovedPermanently)
	case r.Method != http.MethodPost:
		w.Header().Set("Allow", http.MethodPost)
		http.Error(w, "405 method not allowed", http.StatusMethodNotAllowed)
	case options.faulty(w):
	default:
		s.answer(op, req, parsed, withinLimit).write(w)
	}
}

// arrive counts a call, and reports whether it is within the rate limit.
func (s *Server) arrive(op string) (n int, withinLimit bool, options Options) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls[op]++
	if s.options.NoLimits {
		return s.calls[op], true, s.options
	}
	rate := s.options.Rate
	if rate <= 0 {
		rate = defaultRate
	}
	now := time.Now()
	s.recent = slices.DeleteFunc(s.recent, func(t time.Time) bool { return now.Sub(t) >= time.Second })
	if len(s.recent) >= rate {
		return s.calls[op], false, s.options
	}
	s.recent = append(s.recent, now)
	return s.calls[op], true, s.options
}
