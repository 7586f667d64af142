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
	ages atomic.Pointer[ages] // the last ones; nil if there have been none
}

// ages are the headers that change as time passes.
type ages struct {
	age, lifetime int // in seconds
	values        [2][]string
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

// setAge is setAgeHeaders for an answer that is written at the time now.
func (p *prepared) setAge(h http.Header, fresh *freshness.Answer, complete, public bool, now time.Time) {
	age, ok := fresh.Age(now)
	if !ok {
		return
	}
	lifetime := fresh.Lifetime(now)
	last := p.ages.Load()
	if last == nil || last.age != age || last.lifetime != lifetime {
		last = &ages{age, lifetime, [2][]string{{strconv.Itoa(age)}, {controlOf(lifetime, public)}}}
		p.ages.Store(last)
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
