//go:build linux

package attack_test

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"
)

// states tells how each source is, and what is known of it.
const states = `{ sources { name state pause { message } breaker collections { kind state count error { message } anomalies { field example } } } }`

// spoil is what a source says in an attack: in the place of its answers to requests that hold part.
type spoil struct {
	source, part string
	answer       http.HandlerFunc
	query        string // what shows it; states, unless said
	by           string // the Authorization of whoever asks that; of somebody who may see everything, unless said
}

// do has the source read while it says that, waits until it shows, and then until the source is well again.
func (s spoil) do(t *testing.T, g *ground, says string) (answer, used) {
	t.Helper()
	return g.measured(t, func() (got answer) {
		g.vendors.turn.Lock()
		defer g.vendors.turn.Unlock()
		query := s.query
		if query == "" {
			query = states
		}
		g.vendors.spoilt.Store(&spoilt{s.part, s.answer})
		looked := 0
		slowly(func() bool {
			if looked%50 == 0 { // a fetch that had begun before may take the place of the one that is asked for
				g.refresh(t, s.source)
			}
			looked++
			got = g.post(query, s.by)
			return strings.Contains(got.body, says)
		})
		g.vendors.spoilt.Store(nil)
		g.refresh(t, s.source)
		var now answer
		if !slowly(func() bool { now = g.post(states); return stateOf(now.body, s.source) == stateOf(g.healthy, s.source) }) {
			t.Errorf("when %s is well again, %s", s.source, now.body)
		}
		return got
	})
}

// madeTeams are those that there are, some of which may have been made meanwhile.
var madeTeams = regexp.MustCompile(`("kind":"TEAMS","state":"FRESH","count":)\d+`)

// stateOf gives what states say of one source.
func stateOf(states, source string) string {
	var said struct {
		Data struct{ Sources []json.RawMessage }
	}
	if err := json.Unmarshal([]byte(states), &said); err != nil {
		return err.Error()
	}
	for _, s := range said.Data.Sources {
		if strings.HasPrefix(string(s), `{"name":"`+source+`"`) {
			return madeTeams.ReplaceAllString(string(s), "$1")
		}
	}
	return "there is no " + source
}

// refresh has a source read again, whatever it asks for and whatever it lacks. Beside other attacks of the same caller, its share may be used up for a while.
func (g *ground) refresh(t *testing.T, source string) {
	t.Helper()
	query := fmt.Sprintf(`mutation { refreshSource(input: {source: "%s", force: true, acceptLoss: true}) { outcome userErrors { message } } }`, source)
	var a answer
	slowly(func() bool {
		a = g.post(query)
		return a.status != http.StatusTooManyRequests
	})
	if !strings.Contains(a.body, `"DONE"`) {
		t.Errorf("%s is not read again: HTTP %d %s", source, a.status, a.body)
	}
}

func (g *ground) post(query string, by ...string) answer {
	if len(by) > 0 && by[0] != "" {
		by = []string{"Authorization", by[0]}
	} else {
		by = nil
	}
	return g.send(g.foes[0].Client, http.MethodPost, "", strings.NewReader(document(query)), by...)
}

// slowly waits for a condition that takes the program some work to look at.
func slowly(condition func() bool) bool {
	again := time.Now()
	return until(func() bool {
		if time.Now().Before(again) {
			return false
		}
		again = time.Now().Add(100 * time.Millisecond)
		return condition()
	})
}

// text answers with a text.
func text(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, body)
	}
}

// packed answers with a text and n items in the middle, compressed.
func packed(begin, item string, n int, end string) http.HandlerFunc {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, _ = io.Copy(z, io.MultiReader(strings.NewReader(begin), repeated(item, n), strings.NewReader(end)))
	_ = z.Close()
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		text(b.String())(w, r)
	}
}

// unpacked is packed without the compression.
func unpacked(begin, item string, n int, end string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.Copy(w, io.MultiReader(strings.NewReader(begin), repeated(item, n), strings.NewReader(end))) // the program may have had enough
	}
}

// repeated gives an item n times.
func repeated(item string, n int) io.Reader {
	const most = 1 << 16
	block := strings.Repeat(item, min(n, most))
	var parts []io.Reader
	for ; n > 0; n -= most {
		parts = append(parts, strings.NewReader(block[:min(n, most)*len(item)]))
	}
	return io.MultiReader(parts...)
}

// refused answers that it is asked too much.
func refused(status int, header ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
	}
}
