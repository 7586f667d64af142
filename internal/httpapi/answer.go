package httpapi

import (
	"bytes"
	"crypto/sha256"
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
	"roster/internal/responsecache"
)

// Header values of most answers. They must not be changed.
var (
	noStore = []string{"no-store"} // answers have personal data
	// Answers depend on these headers: a cache must not give one caller's answer to another.
	vary = sync.OnceValue(func() []string { // the kinds of sources are registered by then
		return []string{"Accept, Accept-Encoding, Authorization, " + strings.Join(access.TokenHeaders(), ", ") + ", " + freshness.SourceErrorsHeader}
	})
	noSniff   = []string{"nosniff"}
	strictTLS = []string{"max-age=31536000"}
)

// header sets the headers that all answers have.
func header(w http.ResponseWriter, r *http.Request, m mediaType) {
	h := w.Header()
	h["Content-Type"] = contentTypes[m]
	h["Cache-Control"] = noStore
	h["Vary"] = vary()
	h["X-Content-Type-Options"] = noSniff
	if r.TLS != nil {
		h["Strict-Transport-Security"] = strictTLS
	}
}

// refuse writes a refusal as the response.
func refuse(w http.ResponseWriter, m mediaType, e *refusal) {
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

// answer writes the graph's answer as the response. A refusal is neither compressed nor has an entity tag.
func (h *handler) answer(w http.ResponseWriter, r *http.Request, m mediaType, resp *graphql.Response) {
	if resp.Data == nil {
		status := statusIn(m)
		if unrecorded(resp.Errors) {
			status = http.StatusServiceUnavailable
		}
		write(w, status, resp)
		return
	}
	as := encodingFor(r.Header["Accept-Encoding"], len(resp.Data))
	if conditional(r) {
		sum := sha256.New()
		encode(sum, resp)
		if unchanged(w, r, []string{tagOf(responsecache.Digest([sha256.Size]byte(sum.Sum(nil))), m, as)}) {
			return
		}
	}
	if as == asIs {
		write(w, http.StatusOK, resp)
		return
	}
	body := h.encoders.encode(as, func(to io.Writer) { encode(to, resp) })
	resp.Data = nil // frees the memory while the client reads
	setEncoding(w.Header(), as, []string{strconv.Itoa(len(body))})
	w.WriteHeader(http.StatusOK)
	w.Write(body) //nolint:errcheck,gosec // the client is gone; the body is JSON
}

// setEncoding sets the headers of a compressed answer.
func setEncoding(h http.Header, as encoding, length []string) {
	h["Content-Encoding"] = encodingNames[as]
	h["Content-Length"] = length
}

// unrecorded reports whether an operation was refused because the access log could not be written.
func unrecorded(errs gqlerror.List) bool {
	return len(errs) == 1 && errs[0].Extensions["code"] == codeLogUnavailable
}

// ageOf returns the Age of an answer, or -1, and its Cache-Control, or "" if it must not be stored.
func ageOf(a *freshness.Answer, complete, public bool) (age int, control string) {
	if a == nil {
		return -1, ""
	}
	now := time.Now()
	age, ok := a.Age(now)
	if !ok {
		return -1, ""
	}
	if complete {
		control = controlOf(a.Lifetime(now), public)
	}
	return age, control
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxPooled is the capacity up to which a buffer is returned to the pool.
const maxPooled = 1 << 20

func buffer() *bytes.Buffer {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	return b
}

func release(b *bytes.Buffer) {
	if b.Cap() <= maxPooled {
		buffers.Put(b)
	}
}

func write(w http.ResponseWriter, status int, resp *graphql.Response) {
	if resp.Data == nil {
		recordOutcome(w, resp.Errors)
	}
	w.WriteHeader(status)
	if len(resp.Data) > maxPooled { // without a second copy in memory
		encode(w, resp)
		return
	}
	b := buffer()
	defer release(b)
	encode(b, resp)
	w.Write(b.Bytes()) //nolint:errcheck // the client is gone
}

// encode writes an answer as JSON. Its data is JSON already, which encoding/json would parse again. It ignores write errors: the client is gone then.
//
//nolint:errcheck // the client is gone
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
	io.WriteString(w, strings.TrimPrefix(before, ",")+"}") // "{" if there is no member
}
