package fake

import (
	"encoding/json"
	"encoding/xml"
	"io"
	"mime"
	"net/http"
	"strconv"
	"strings"
)

// request is a call's body, in JSON or XML.
type request struct {
	XMLName   xml.Name `json:"-" xml:"xml"`
	Token     string   `json:"token" xml:"token"`
	Format    string   `json:"format" xml:"format"`
	AccountID *int64   `json:"account_id" xml:"account_id"`
	Active    *bool    `json:"active" xml:"active"`
	Master    *bool    `json:"master" xml:"master"`
	Lang      *string  `json:"lang" xml:"lang"`
	FromID    *int64   `json:"from_id" xml:"from_id"`
	Limit     *int     `json:"limit" xml:"limit"`
}

// readRequest decodes the body by its content type; the format may also stand in the URL, the token in a bearer header.
func readRequest(r *http.Request) (req request, ok bool) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest))
	if err == nil && len(body) > 0 {
		if mediaType, _, typeErr := mime.ParseMediaType(r.Header.Get("Content-Type")); typeErr == nil && strings.HasSuffix(mediaType, "xml") {
			err = xml.Unmarshal(body, &req)
		} else {
			err = json.Unmarshal(body, &req)
		}
	}
	if req.Format == "" {
		req.Format = r.URL.Query().Get("format")
	}
	if req.Format == "" {
		req.Format = "json"
	}
	if req.Token == "" {
		req.Token, _ = strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	}
	return req, err == nil
}

type userRow struct {
	Username    string  `json:"username" xml:"username"`
	FirstName   string  `json:"first_name" xml:"first_name"`
	LastName    string  `json:"last_name" xml:"last_name"`
	Email       string  `json:"email" xml:"email"`
	NotifyEmail string  `json:"notify_email" xml:"notify_email"`
	Phone       *string `json:"phone" xml:"phone"`
	Lang        string  `json:"lang" xml:"lang"`
	Active      *bool   `json:"active,omitempty" xml:"active,omitempty"`
	Master      bool    `json:"master" xml:"master"`
}

type accountRow struct {
	ID       int64  `json:"id" xml:"id"`
	Name     string `json:"name" xml:"name"`
	TimeZone string `json:"timezone" xml:"timezone"`
	IsActive bool   `json:"is_active" xml:"is_active"`
}

// userRows is an array in JSON, and elements named user in XML.
type userRows struct {
	Rows []userRow `xml:"user"`
}

// MarshalJSON leaves the wrapping to XML.
func (r userRows) MarshalJSON() ([]byte, error) { return json.Marshal(r.Rows) }

// accountRows is an array in JSON, and elements named account in XML.
type accountRows struct {
	Rows []accountRow `xml:"account"`
}

// MarshalJSON leaves the wrapping to XML.
func (r accountRows) MarshalJSON() ([]byte, error) { return json.Marshal(r.Rows) }

// reply is an answer that is still to be written.
type reply struct {
	status       int // 0 means 200
	retryAfter   int // seconds; 0 for no header
	code         int
	data         any
	noData       bool // leave data out
	total        *int
	xml          bool
	html         bool // an HTML page instead
	cut          bool // only the first half
	noErrorField bool // the answer has no error field
}

func (r reply) refuse(code int) reply {
	r.code, r.noData = code, true
	return r
}

// jsonEnvelope and xmlEnvelope are what every answer is wrapped in.
type jsonEnvelope struct {
	Data      *any   `json:"data,omitempty"`
	Error     *int   `json:"error,omitempty"`
	ErrorText string `json:"error_text"`
	Total     *int   `json:"total_count,omitempty"`
}

type xmlEnvelope struct {
	XMLName   xml.Name `xml:"xml"`
	Data      any      `xml:"data"`
	Error     *int     `xml:"error"`
	ErrorText string   `xml:"error_text"`
	Total     *int     `xml:"total_count"`
}

var errorTexts = map[int]string{
	0: "Done", 400: "Bad request", 401: "The token is not accepted", 402: "The limit of the tariff is reached", 403: "No access",
	404: "Not found", 429: "Too many requests",
}

func (r reply) write(w http.ResponseWriter) {
	if r.html {
		page(w, max(r.status, http.StatusOK), "Sign in")
		return
	}
	text, ok := errorTexts[r.code]
	if !ok {
		text = "Error"
	}
	code := &r.code
	if r.noErrorField {
		code = nil
	}
	var (
		body []byte
		err  error
	)
	if r.xml {
		w.Header().Set("Content-Type", "application/xml; charset=utf-8")
		env := xmlEnvelope{Data: r.data, Error: code, ErrorText: text, Total: r.total}
		switch r.data.(type) {
		case userRows, accountRows:
		default:
			env.Data = struct{}{}
		}
		body, err = xml.Marshal(env)
	} else {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		env := jsonEnvelope{Error: code, ErrorText: text, Total: r.total}
		if !r.noData {
			env.Data = &r.data
		}
		body, err = json.Marshal(env)
	}
	if err != nil {
		http.Error(w, "500 internal server error", http.StatusInternalServerError)
		return
	}
	if r.cut {
		body = body[:len(body)/2]
	}
	if r.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(r.retryAfter))
	}
	w.WriteHeader(max(r.status, http.StatusOK))
	_, _ = w.Write(body) // the caller has gone; nobody is left to tell
}

// faulty writes an answer that has nothing to do with the call, if the options ask for one.
func (k *Options) faulty(w http.ResponseWriter) bool {
	switch k.Fault {
	case FaultEmptyBody:
		w.WriteHeader(http.StatusOK)
	case FaultHTML:
		page(w, http.StatusOK, "Welcome")
	case FaultBadGateway:
		page(w, http.StatusBadGateway, "Bad gateway")
	case FaultUnavailable:
		w.Header().Set("Retry-After", "30")
		page(w, http.StatusServiceUnavailable, "Maintenance")
	default:
		return false
	}
	return true
}

func page(w http.ResponseWriter, status int, title string) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, "<!doctype html><title>"+title+"</title><h1>"+title+"</h1>")
}
