package e2e_test

import (
	"context"
	"strings"
	"sync"
	"testing"

	"roster/connectors"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// Three servers that are asked for fresh data all the time never call any system more often than it allows, whether Redis is there, goes away or
// comes back: none of the systems, which count as the vendors do, ever refuses a call.
func TestLimitsAreKeptTogether(t *testing.T) {
	t.Parallel()
	redis := redistest.Start(t)
	systems, err := sandbox.Start(t.Context(), sandbox.Options{People: 300, Seed: demoSeed, Limits: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = systems.Close() })
	settings := replicated(redis, systems, "1s", "1s")
	settings["first_wait"], settings["max_wait"] = "1s", "1s"
	for _, s := range settings["sources"].([]map[string]any) {
		delete(s, "rate_limit") // the vendors' own
	}
	var servers []*program
	for range 3 {
		p := serve(t, settings)
		p.awaitConnected(t)
		servers = append(servers, p)
	}
	ctx, stop := context.WithCancel(t.Context())
	var asking sync.WaitGroup
	for _, p := range servers {
		asking.Go(func() {
			for ctx.Err() == nil {
				if a := p.ask(t, countsOfAll, nil); len(a.Data) == 0 {
					t.Errorf("no data: %+v", a.Errors)
				}
				p.wish(t, "POST", countsOfAll, "no-cache")
			}
		})
	}
	more := func(kind connectors.KindName, n int) {
		before := sum(systems.Calls()[kind])
		eventually(t, "the sources are called", func() bool { return sum(systems.Calls()[kind]) >= before+n })
	}
	for kind, n := range map[connectors.KindName]int{sandbox.Worksection: 8, sandbox.Kommo: 15, sandbox.RocketChat: 6} {
		more(kind, n)
	}
	redis.Kill()
	more(sandbox.Worksection, 4)
	more(sandbox.Kommo, 8)
	redis.Restart()
	more(sandbox.Worksection, 6)
	more(sandbox.Kommo, 10)
	stop()
	asking.Wait()
	for i, p := range servers {
		_, metrics := fetch(t, p.url+"/metrics")
		calls := 0
		for line := range strings.Lines(metrics) {
			if strings.HasPrefix(line, "roster_source_calls_total{") {
				calls++
				if strings.Contains(line, `meaning="rate_limited"`) && !strings.HasSuffix(line, " 0\n") {
					t.Errorf("server %d was refused: %s", i, line)
				}
			}
		}
		if calls == 0 {
			t.Errorf("server %d counts no calls", i)
		}
	}
}
