package fake

import (
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

// call is one request of somebody who is known.
type call struct {
	*Server
	who   Credential
	op    string
	query url.Values
}

func success(body object) answer {
	body["success"] = true
	return answer{status: http.StatusOK, body: body}
}

// failed is the server's answer to nearly everything that goes wrong, code or no code.
func failed(text, code string) answer {
	body := object{"success": false, "error": text}
	if code != "" {
		body["errorType"] = code
	}
	return answer{status: http.StatusBadRequest, body: body}
}

// credential finds out who is asking.
func (s *Server) credential(r *http.Request) (Credential, bool) {
	id, token := r.Header.Get("X-User-Id"), r.Header.Get("X-Auth-Token")
	if id == "" || token == "" {
		return Credential{}, false
	}
	for _, c := range s.data.Credentials {
		if c.UserID == id && subtle.ConstantTimeCompare([]byte(c.Token), []byte(token)) == 1 {
			u := s.indexed().user(id)
			return c, u == nil || !u.Deactivated
		}
	}
	return Credential{}, false
}

func (s *Server) notLoggedIn() answer {
	const text = "You must be logged in to do this."
	body := object{"success": false, "error": text}
	if !s.options.atLeast(8, 0) {
		body = object{"status": "error", "message": text}
		if s.options.atLeast(7, 0) {
			body["success"] = false
		}
	}
	return answer{status: http.StatusUnauthorized, body: body}
}

// forbidden refuses for want of a permission; its code differs between the lines.
func (s *Server) forbidden() answer {
	code := "error-forbidden"
	if !s.options.atLeast(8, 0) {
		code = "error-unauthorized"
	}
	text := "User does not have the permissions required for this action [" + code + "]"
	return answer{status: http.StatusForbidden, body: object{"success": false, "error": text}}
}

func tooMany(wait time.Duration) answer {
	text := fmt.Sprintf("Error, too many requests. Please slow down. You must wait %d seconds before trying this endpoint again. "+
		"[error-too-many-requests]", int((wait+time.Second-1)/time.Second))
	return answer{status: http.StatusTooManyRequests, body: object{"success": false, "error": text}}
}

// window counts the calls of one route from one address.
type window struct {
	end  time.Time
	used int
}

// limit counts a call, sets the headers that tell the limit, and gives how long to wait where the call is one too many. Counting begins
// anew with the first call after a window's end.
func (s *Server) limit(header http.Header, op, remote string) time.Duration {
	calls, per := orElse(s.options.LimitCalls, 10), orElse(s.options.LimitWindow, time.Minute)
	host, _, err := net.SplitHostPort(remote)
	if err != nil {
		host = remote
	}
	now := time.Now()
	w := s.windows[op+" "+host]
	if w == nil || !w.end.After(now) {
		w = &window{end: now.Add(per)}
		s.windows[op+" "+host] = w
	}
	w.used++
	header.Set("X-RateLimit-Limit", strconv.Itoa(calls))
	header.Set("X-RateLimit-Remaining", strconv.Itoa(max(0, calls-w.used)))
	header.Set("X-RateLimit-Reset", strconv.FormatInt(w.end.Add(s.options.ClockSkew).UnixMilli(), 10))
	if w.used > calls {
		return w.end.Sub(now)
	}
	return 0
}

// parameters are those that the documents give to each call.
var parameters = map[string][]string{
	"me":             {},
	"users.list":     {"fields", "query", "count", "offset", "sort", "email"},
	"users.info":     {"userId", "username", "importId", "email", "freeSwitchExtension", "includeUserRooms"},
	"users.presence": {"ids", "from"},
	"roles.list":     {},
	"teams.listAll":  {"count", "offset"},
	"teams.info":     {"teamId", "teamName"},
	"teams.members":  {"teamId", "teamName", "name", "username", "status", "status[]", "count", "offset"},
}

// unknownParameters refuses what newer servers refuse: users.list of late 8 releases, and everything in the 9 line.
func (c *call) unknownParameters() (answer, bool) {
	strict := c.options.atLeast(9, 0) || (c.op == "users.list" && c.options.atLeast(8, 4))
	if !strict {
		return answer{}, false
	}
	for name := range c.query {
		removed := c.options.atLeast(9, 0) && (name == "query" || name == "fields")
		if removed || !slices.Contains(parameters[c.op], name) {
			return failed("must NOT have additional properties [error-invalid-params]", "error-invalid-params"), true
		}
	}
	return answer{}, false
}
