package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"roster/connectors/faults"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// firstName is the query for someone whose name the tests change.
const firstName = `{ users(first: 500) { nodes { firstName } completeness { complete stale { name } } } }`

// wish runs a query with a Cache-Control, by GET or POST, and gives the headers too.
func (p *program) wish(t *testing.T, method, query, cacheControl string) (answer, http.Header) {
	t.Helper()
	address, body := p.url+"/graphql", []byte(nil)
	if method == http.MethodGet {
		address += "?" + url.Values{"query": {query}}.Encode()
	} else {
		body, _ = json.Marshal(map[string]any{"query": query}) //nolint:errchkjson // a text
	}
	r, err := http.NewRequestWithContext(t.Context(), method, address, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Cache-Control", cacheControl)
	if method == http.MethodPost {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	return readAnswer(t, resp), resp.Header
}

// names gives the first names in an answer, and whether it says of itself that it is older than asked.
func (a answer) names(t *testing.T) (names map[string]bool, marked bool) {
	t.Helper()
	var data struct {
		Users struct {
			Nodes        []struct{ FirstName *string }
			Completeness struct{ Stale []named }
		}
	}
	if err := json.Unmarshal(a.Data, &data); err != nil {
		t.Fatalf("%v; errors %+v", err, a.Errors)
	}
	names = make(map[string]bool)
	for _, u := range data.Users.Nodes {
		if u.FirstName != nil {
			names[*u.FirstName] = true
		}
	}
	for _, e := range a.Errors {
		if e.Extensions.Code != "SOURCE_STALE" || e.Extensions.Source != "worksection" || len(data.Users.Completeness.Stale) != 1 {
			t.Errorf("error %+v, stale %v", e, data.Users.Completeness.Stale)
		}
		marked = true
	}
	return names, marked
}

// worksectionAlone starts Worksection, and gives a configuration of it alone that reads it so often.
func worksectionAlone(t *testing.T, minInterval, maxWait string) (*sandbox.Sandbox, map[string]any) {
	t.Helper()
	s, err := sandbox.StartOne(t.Context(), sandbox.Worksection, sandbox.Options{People: sandbox.MinPeople, Seed: demoSeed})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	settings := settingsOf(reading(sourceSettings(s.Sources()[0]), "1h", minInterval))
	settings["max_wait"] = maxWait
	return s, settings
}

// Of two servers that share a Redis, each sees by no-cache what has changed in the source just before, and both see it from then on.
func TestNoCacheSeesWhatHasJustChanged(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s, settings := worksectionAlone(t, "1s", "1m")
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr}
	var servers []*program
	for range 2 {
		p := serve(t, settings)
		p.awaitConnected(t)
		p.awaitFirstReading(t)
		servers = append(servers, p)
	}
	for i, method := range []string{http.MethodPost, http.MethodGet, http.MethodPost, http.MethodGet} {
		name := fmt.Sprint("Changed", i)
		s.Rename(name)
		a, header := servers[i%2].wish(t, method, firstName, "no-cache")
		if names, marked := a.names(t); !names[name] || marked {
			t.Errorf("%s: %s is there %t, marked %t", method, name, names[name], marked)
		}
		if age, err := strconv.Atoi(header.Get("Age")); err != nil || age > 50 || header.Get("Cache-Control") == "no-store" {
			t.Errorf("%s: Age %q, Cache-Control %q", method, header.Get("Age"), header.Get("Cache-Control"))
		}
		eventually(t, "the other server has it too", func() bool {
			names, _ := servers[1-i%2].ask(t, firstName, nil).names(t)
			return names[name]
		})
	}
}

// With max-age=1, an answer that does not say that it is older holds whatever the source had a second before the request.
func TestMaxAgeIsKeptOrMarked(t *testing.T) {
	t.Parallel()
	s, settings := worksectionAlone(t, "2s", "500ms")
	var mu sync.Mutex
	var changed []time.Time // when the name with that number was put in place
	change := func() {
		mu.Lock()
		defer mu.Unlock()
		s.Rename(fmt.Sprint("N", len(changed)))
		changed = append(changed, time.Now())
	}
	change()
	p := serve(t, settings)
	p.awaitFirstReading(t)
	old, again := 0, 0 // marked answers, and after the first of them those that keep it by another reading
	eventually(t, "there have been answers of both kinds", func() bool {
		method := []string{http.MethodGet, http.MethodPost}[(old+again)%2]
		change()
		asked := time.Now()
		a, _ := p.wish(t, method, firstName, "max-age=1")
		names, marked := a.names(t)
		if marked {
			old++
			return false
		}
		if old > 0 {
			again++
		}
		at := -1
		for n := range changed {
			if names[fmt.Sprint("N", n)] {
				at = n
			}
		}
		// The name must not have been replaced earlier than a second before the request.
		if at < 0 || at+1 < len(changed) && changed[at+1].Before(asked.Add(-time.Second)) {
			t.Errorf("the answer has name %d of %d, which was replaced %v before the request, and is not marked", at, len(changed),
				asked.Sub(changed[min(at+1, len(changed)-1)]))
		}
		return t.Failed() || old > 3 && again > 3
	})
}

// However many ask for what is new, the source is read once in min_interval.
func TestManyNoCache(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	s, settings := worksectionAlone(t, "1s", "1m")
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr}
	settings["limits"] = map[string]any{"caller_operations": 250, "requests": 0} // all of them are one caller here
	servers := []*program{serve(t, settings), serve(t, settings)}
	for _, p := range servers {
		p.awaitConnected(t)
		p.awaitFirstReading(t)
	}
	s.ResetCalls()
	began := time.Now()
	var asking sync.WaitGroup
	var left atomic.Int64
	left.Store(1000)
	for i := range 250 {
		asking.Go(func() {
			for left.Add(-1) >= 0 && !t.Failed() {
				a, _ := servers[i%2].wish(t, http.MethodPost, `{ users { totalCount completeness { stale { name } } } }`, "no-cache")
				if _, marked := a.names(t); marked {
					t.Error("an answer is older than asked")
				}
			}
		})
	}
	asking.Wait()
	took := time.Since(began)
	if n, most := s.Calls()[sandbox.Worksection]["get_users"], int(took/time.Second)+1; n > most || n == 0 {
		t.Errorf("the users were read %d times in %v, want some and at most %d", n, took, most)
	}
}

// only-if-cached takes what is there: nothing is read or waited for because of it.
func TestOnlyIfCached(t *testing.T) {
	t.Parallel()
	s, settings := worksectionAlone(t, "1s", "1m")
	settings["first_wait"] = "1m"
	s.Fault(sandbox.Worksection).Set(faults.Fault{Effect: faults.Slow(1, patience)})
	p := serve(t, settings)
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		a, header := p.wish(t, method, firstName, "only-if-cached")
		if len(a.Errors) != 1 || a.Errors[0].Extensions.Code != "ONLY_IF_CACHED" || a.Errors[0].Extensions.Source != "worksection" ||
			a.Status != http.StatusOK || header.Get("Cache-Control") != "no-store" {
			t.Errorf("%s, with nothing there: HTTP %d, Cache-Control %q, errors %+v", method, a.Status, header.Get("Cache-Control"), a.Errors)
		}
	}
	s.Fault(sandbox.Worksection).Clear()
	p.awaitFirstReading(t)
	s.ResetCalls()
	s.Rename("Later")
	for _, wish := range []string{"only-if-cached", "only-if-cached, max-age=86400"} {
		a, _ := p.wish(t, http.MethodPost, firstName, wish)
		if names, marked := a.names(t); len(names) == 0 || names["Later"] || marked {
			t.Errorf("%s: %d names, the new one %t, marked %t", wish, len(names), names["Later"], marked)
		}
	}
	a, _ := p.wish(t, http.MethodPost, firstName, "only-if-cached, no-cache")
	if _, marked := a.names(t); !marked {
		t.Error("data older than asked is not marked")
	}
	if n := sum(s.Calls()[sandbox.Worksection]); n != 0 {
		t.Errorf("%d calls", n)
	}
}
