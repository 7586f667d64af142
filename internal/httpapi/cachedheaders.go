package httpapi

import (
	"net/http"
	"strconv"
	"sync/atomic"
	"time"

	"roster/internal/freshness"
	"roster/internal/responsecache"
)

// prepared are header values of a cached answer, so that not each client costs the memory of its own. It is safe for concurrent use.
type prepared struct {
	tags [asEvents][numEncodings]atomic.Pointer[[]string]
	ages lastAges
}

// preparedOf returns the header values of an answer.
func preparedOf(a *responsecache.Answer) *prepared {
	p, ok := a.Prepared.Load().(*prepared)
	if !ok {
		p = new(prepared)
		a.Prepared.Store(p) // if another goroutine does the same, one of them makes the values once more
	}
	return p
}

// tag returns the entity tag of the answer in a media type and a coding.
func (p *prepared) tag(a *responsecache.Answer, m mediaType, as encoding) []string {
	at := &p.tags[m][as]
	if tag := at.Load(); tag != nil {
		return *tag
	}
	tag := []string{tagOf(a.Digest(), m, as)}
	at.Store(&tag)
	return tag
}

// lastAges keeps the last values of the headers that change as time passes. It is safe for concurrent use.
type lastAges struct{ atomic.Pointer[ages] }

// ages are values of Age and Cache-Control.
type ages struct {
	age, lifetime int // in seconds
	public        bool
	values        [2][]string
}

// set sets Age and Cache-Control of an answer that is written at the time now. The client, but no shared cache unless it is public, may store a complete answer
// for as long as it is fresh. An answer without data of sources is not cacheable.
func (l *lastAges) set(h http.Header, fresh *freshness.Answer, complete, public bool, now time.Time) {
	if fresh == nil {
		return
	}
	age, ok := fresh.Age(now)
	if !ok {
		return
	}
	lifetime := fresh.Lifetime(now)
	last := l.Load()
	if last == nil || last.age != age || last.lifetime != lifetime || last.public != public {
		last = &ages{age, lifetime, public, [2][]string{{strconv.Itoa(age)}, {controlOf(lifetime, public)}}}
		l.Store(last)
	}
	h["Age"] = last.values[0]
	if complete {
		h["Cache-Control"] = last.values[1]
	}
}

func controlOf(lifetime int, public bool) string {
	who := "private"
	if public {
		who = "public"
	}
	return who + ", max-age=" + strconv.Itoa(lifetime)
}
