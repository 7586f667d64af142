package httpapi

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/access"
	"roster/internal/freshness"
)

// Values of headers that most answers have, ready to be set. Nobody changes them.
var (
	noStore = []string{"no-store"} // it is about people
	// What makes answers differ: two callers of one client never get each other's.
	vary      = []string{"Accept, Authorization, " + access.WorksectionHeader + ", " + freshness.SourceErrorsHeader}
	noSniff   = []string{"nosniff"}
	noContent = []string{"default-src 'none'; frame-ancestors 'none'"} // of the policy for what is no page
	strictTLS = []string{"max-age=31536000"}
)

// header sets what every answer has.
func header(w http.ResponseWriter, r *http.Request, m medium) {
	h := w.Header()
	h["Content-Type"] = contentTypes[m]
	h["Cache-Control"] = noStore
	h["Vary"] = vary
	h["X-Content-Type-Options"] = noSniff
	h["Content-Security-Policy"] = noContent
	if r.TLS != nil {
		h["Strict-Transport-Security"] = strictTLS
	}
}

// refuse answers a request, or an operation, with why it is not answered.
func refuse(w http.ResponseWriter, m medium, e *refusal) {
	status := e.status
	if status == 0 {
		status = statusIn(m)
	}
	if e.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(seconds(e.retryAfter)))
	}
	if e.challenge != "" {
		w.Header().Set("WWW-Authenticate", e.challenge)
	}
	write(w, status, e.response())
}

// answer writes what the graph has answered.
func answer(w http.ResponseWriter, m medium, resp *graphql.Response) {
	status := http.StatusOK
	if resp.Data == nil {
		status = statusIn(m)
		if unrecorded(resp.Errors) {
			status = http.StatusServiceUnavailable
		}
	}
	write(w, status, resp)
}

// unrecorded says whether an operation was refused since it could not be written down, which is no fault of its caller.
func unrecorded(errs gqlerror.List) bool {
	return len(errs) == 1 && errs[0].Extensions["code"] == codeLogUnavailable
}

// headerOfAge says how old the data of an answer is, and lets the asker, but nobody between, keep one without faults for as long as it is fresh.
// What holds no data of a source is not known to last.
func headerOfAge(h http.Header, a *freshness.Answer, faultless bool) {
	age, control := ageOf(a, faultless)
	if age < 0 {
		return
	}
	h["Age"] = []string{strconv.Itoa(age)}
	if control != "" {
		h["Cache-Control"] = []string{control}
	}
}

// ageOf gives an answer's Age, below zero where it has none, and its Cache-Control, empty where it is not to be kept.
func ageOf(a *freshness.Answer, faultless bool) (age int, control string) {
	if a == nil {
		return -1, ""
	}
	now := time.Now()
	age, ok := a.Age(now)
	if !ok {
		return -1, ""
	}
	if faultless {
		control = "private, max-age=" + strconv.Itoa(a.Lifetime(now))
	}
	return age, control
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is kept for another answer.
const maxKept = 1 << 20

func buffer() *bytes.Buffer {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func release(b *bytes.Buffer) {
	if b.Cap() <= maxKept {
		buffers.Put(b)
	}
}

func write(w http.ResponseWriter, status int, resp *graphql.Response) {
	w.WriteHeader(status)
	if len(resp.Data) > maxKept { // which need not lie in memory twice
		encode(w, resp)
		return
	}
	b := buffer()
	defer release(b)
	encode(b, resp)
	w.Write(b.Bytes()) //nolint:errcheck // the client has gone; nobody is left to tell
}

// encode writes an answer. The data is JSON already: encoding/json would read all of it once more. Where it cannot be written, the client has gone.
//
//nolint:errcheck // then nobody is left to tell
func encode(w io.Writer, resp *graphql.Response) {
	before := "{"
	member := func(name string, value []byte) {
		io.WriteString(w, before+`"`+name+`":`)
		w.Write(value)
		before = ","
	}
	marshal := func(name string, value any) {
		if text, err := json.Marshal(value); err == nil {
			member(name, text)
		}
	}
	if len(resp.Errors) > 0 {
		marshal("errors", resp.Errors)
	}
	if resp.Data != nil {
		member("data", resp.Data)
	}
	if len(resp.Extensions) > 0 {
		marshal("extensions", resp.Extensions)
	}
	io.WriteString(w, strings.TrimPrefix(before, ",")+"}") // "{" where there is no member
}
