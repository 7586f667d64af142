package fake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// answerOwner answers on the interface for users' tokens whoever comes with one of people's own. Of its actions they are known for me alone: who the
// token's owner is. It says whether the token is one of those.
func (s *Server) answerOwner(path, authorization, action string) (a answer, owned bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, bearer := strings.CutPrefix(authorization, "Bearer ")
	id, known := s.data.Tokens[token]
	if path != "/api/oauth2" || !bearer || !known {
		return answer{}, false
	}
	switch wait := s.wait(); {
	case id == "":
		return answer{status: http.StatusUnauthorized, body: s.options.expired()}, true
	case wait > 0:
		return answer{status: http.StatusOK, body: failure(3, "Too many requests")}, true
	case action != "me":
		return answer{status: http.StatusOK, body: failure(1, "Action is invalid")}, true
	}
	s.last = time.Now()
	for _, u := range s.data.Users {
		if u.ID == id {
			return answer{status: http.StatusOK, body: s.options.me(u)}, true
		}
	}
	return answer{status: http.StatusOK, body: []byte(`{"status":"ok","data":[]}`)}, true
}

// me is a row of get_users, in a list of its own or not.
func (k Options) me(u User) []byte {
	var data any = []any{k.user(u)}
	if k.MeAsObject {
		data = k.user(u)
	}
	b, err := json.Marshal(map[string]any{"status": "ok", "data": data})
	if err != nil {
		panic("fake: a row that cannot be encoded")
	}
	return b
}
