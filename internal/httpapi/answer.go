package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"mime"
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

// The media types of answers.
const (
	typeJSON    = "application/json"
	typeGraphQL = "application/graphql-response+json"
)

// The codes of what goes wrong on the way, before or after the graph.
const (
	codeBadRequest = "BAD_REQUEST"
	codeTimeout    = "TIMEOUT"
)

// mediaType is the type in which a client wants its answer: the first that it names, and application/json where it does not care.
func mediaType(accept string) string {
	for part := range strings.SplitSeq(accept, ",") {
		switch t, _, _ := mime.ParseMediaType(part); t {
		case typeGraphQL:
			return typeGraphQL
		case typeJSON, "application/*", "*/*":
			return typeJSON
		}
	}
	return typeJSON
}

// answer writes what the graph has answered. As GraphQL over HTTP has it, application/json says with 200 that the request was understood, since older
// clients take any other status for a failure of the way; the newer type tells by its status too whether the operation could be run.
func answer(w http.ResponseWriter, mediaType string, resp *graphql.Response) {
	status := http.StatusOK
	if resp.Data == nil && mediaType == typeGraphQL {
		status = http.StatusBadRequest
	}
	write(w, status, resp)
}

// refuse answers a request that was not understood as GraphQL, or an operation that was given up.
func refuse(w http.ResponseWriter, status int, code, message string) {
	write(w, status, &graphql.Response{
		Errors: gqlerror.List{{Message: message, Extensions: map[string]any{"code": code}}},
	})
}

// refuseBecause answers a request that read has refused.
func refuseBecause(w http.ResponseWriter, err error) {
	if e, ok := errors.AsType[*notGraphQL](err); ok {
		refuse(w, e.status, codeBadRequest, e.message)
	}
}

// vary names what makes answers differ: two callers of one client never get each other's.
const vary = "Accept, Authorization, " + access.WorksectionHeader

// header sets what every answer has.
func header(w http.ResponseWriter, mediaType string) {
	h := w.Header()
	h.Set("Content-Type", mediaType)
	h.Set("Cache-Control", "no-store") // it is about people
	h.Set("Vary", vary)
	h.Set("X-Content-Type-Options", "nosniff")
}

// headerOfAge says how old the data of an answer is, and lets the asker, but nobody between, keep one without faults for as long as it is fresh.
// What holds no data of a source is not known to last.
func headerOfAge(w http.ResponseWriter, a *freshness.Answer, faultless bool) {
	if a == nil {
		return
	}
	now := time.Now()
	age, ok := a.Age(now)
	if !ok {
		return
	}
	w.Header().Set("Age", strconv.Itoa(age))
	if faultless {
		w.Header().Set("Cache-Control", "private, max-age="+strconv.Itoa(a.Lifetime(now)))
	}
}

var buffers = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// maxKept is the largest buffer that is kept for another answer.
const maxKept = 1 << 20

func write(w http.ResponseWriter, status int, resp *graphql.Response) {
	b, _ := buffers.Get().(*bytes.Buffer)
	b.Reset()
	defer func() {
		if b.Cap() <= maxKept {
			buffers.Put(b)
		}
	}()
	encode(b, resp)
	w.WriteHeader(status)
	w.Write(b.Bytes()) //nolint:errcheck // the client has gone; nobody is left to tell
}

// encode writes an answer. The data is JSON already: encoding/json would read all of it once more.
func encode(b *bytes.Buffer, resp *graphql.Response) {
	b.WriteByte('{')
	member := func(name string, value []byte) {
		if b.Len() > 1 {
			b.WriteByte(',')
		}
		b.WriteString(`"` + name + `":`)
		b.Write(value)
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
	b.WriteByte('}')
}
