package e2e_test

import (
	"fmt"
	"testing"
	"time"

	"roster/connectors/faults"
	"roster/internal/redis/redistest"
	"roster/internal/sandbox"
)

// paused is what a server tells of the only source: its accounts' state, and its pause.
type paused struct {
	State string
	Pause *pause
}

type pause struct {
	Until         time.Time
	Message, Code string
	Partial       bool
}

func (p *program) paused(t *testing.T) (s paused) {
	t.Helper()
	var data struct {
		Sources []struct {
			Pause       *pause
			Collections []struct{ Kind, State string }
		}
	}
	p.ask(t, `{ sources { pause { until message code partial } collections { kind state } } }`, nil).into(t, &data)
	if len(data.Sources) != 1 {
		t.Fatalf("there are %d sources", len(data.Sources))
	}
	s.Pause = data.Sources[0].Pause
	for _, c := range data.Sources[0].Collections {
		if c.Kind == "ACCOUNTS" {
			s.State = c.State
		}
	}
	return s
}

// A source asks once to be left alone for 30,000 years. It is for max_pause, which every server that shares Redis and every later one shows; refreshSource
// with force ends it, and so does clearing that source's cache.
func TestASourceThatAsksForAnAbsurdPause(t *testing.T) {
	t.Parallel()
	redis, worksection := redistest.Start(t), system(t, sandbox.Worksection, 25)
	settings := settingsOf(reading(sourceSettings(worksection.Sources()[0]), "1h", "1s"))
	settings["redis"] = map[string]any{"url": "redis://" + redis.Addr + "/0", "dial_timeout": "10s"}
	settings["max_pause"] = "10m"
	fault := worksection.Fault(sandbox.Worksection)
	absurd := faults.Fault{Effect: faults.Reply(429, faults.Empty(), "Retry-After", "999999999999")}

	fault.Set(absurd)
	began := time.Now()
	p := serve(t, settings)
	p.awaitConnected(t)
	shows := func(p *program) {
		t.Helper()
		eventually(t, "the pause is shown", func() bool { return p.paused(t).Pause != nil })
		s := p.paused(t)
		if s.State != "MISSING" || s.Pause.Code != "RATE_LIMITED" || s.Pause.Message == "" || s.Pause.Partial ||
			s.Pause.Until.Before(began.Add(10*time.Minute-time.Second)) || s.Pause.Until.After(time.Now().Add(10*time.Minute+time.Second)) {
			t.Errorf("it shows %+v with %+v", s, s.Pause)
		}
	}
	shows(p)
	fault.Clear()
	refresh := func(force bool) string {
		t.Helper()
		var data struct {
			RefreshSource struct{ Outcome string }
		}
		p.ask(t, fmt.Sprintf(`mutation { refreshSource(input: {source: "worksection", force: %v}) { outcome } }`, force), nil).into(t, &data)
		return data.RefreshSource.Outcome
	}
	worksection.ResetCalls()
	if got := refresh(false); got != "REJECTED" || sum(worksection.Calls()[sandbox.Worksection]) != 0 {
		t.Errorf("a refresh without force is %s, and calls %v", got, worksection.Calls())
	}
	if got := refresh(true); got != "DONE" {
		t.Errorf("a refresh with force is %s", got)
	}
	eventually(t, "it is read", func() bool { s := p.paused(t); return s.State == "FRESH" && s.Pause == nil })

	// Once more, for those who come later: a restart keeps the pause, and clearing the source's cache ends it.
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	empty := func() {
		t.Helper()
		c, err := launch("cache", "clear", "--source", "worksection", "--config", configFile(t, settings))
		if err != nil {
			t.Fatal(err)
		}
		if err := c.awaitEnd(); err != nil {
			t.Fatal(err)
		}
	}
	empty()
	fault.Set(absurd)
	began = time.Now()
	p = serve(t, settings)
	shows(p)
	fault.Clear()
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	worksection.ResetCalls()
	p = serve(t, settings)
	p.awaitConnected(t)
	p.awaitFirstReading(t)
	if s := p.paused(t); s.State != "MISSING" || sum(worksection.Calls()[sandbox.Worksection]) != 0 {
		t.Errorf("after a restart it shows %+v, and has called %v", s, worksection.Calls())
	}
	if err := p.stop(); err != nil {
		t.Fatal(err)
	}
	empty()
	p = serve(t, settings)
	eventually(t, "it is read", func() bool { s := p.paused(t); return s.State == "FRESH" && s.Pause == nil })
}
