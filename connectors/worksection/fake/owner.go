package fake

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"
)

// answerOwner answers on the interface for people's own tokens. Of its actions there is only me: who the token's owner is.
func (s *Server) answerOwner(authorization, action string) answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(authorization, "Bearer ")
	id, known := s.data.Tokens[token]
	switch wait := s.wait(); {
	case !known || id == "":
		return answer{status: http.StatusUnauthorized, body: []byte(`{"status":"error","message":"Access token is expired"}`)}
	case wait > 0:
		return answer{status: http.StatusOK, body: failure(3, "Too many requests")}
	case action != "me":
		return answer{status: http.StatusOK, body: failure(1, "Action is invalid")}
	}
	s.last = time.Now()
	for _, u := range s.data.Users {
		if u.ID == id {
			return answer{status: http.StatusOK, body: s.knobs.me(u)}
		}
	}
	return answer{status: http.StatusOK, body: []byte(`{"status":"ok","data":[]}`)}
}

// me is a row of get_users, in a list of its own or not.
func (k Knobs) me(u User) []byte {
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
