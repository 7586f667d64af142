package telemetry

import (
	"strings"

	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/writes"
)

// written counts writes. An unknown source that a caller named has no label here; see writes.Written.
type written struct {
	all  *prometheus.CounterVec
	took *prometheus.HistogramVec
}

func newWritten() *written {
	return &written{
		all: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_writes_total",
			Help: "Writes by the mutation's field and by what came of them, rehearsals and answers that were given again for a key included; unavailable where what they must remember could not be stored. No source for those of none that there is.",
		}, []string{"source", "field", "outcome"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roster_write_duration_seconds", Help: "How long writes took that changed their source, or may have, with all waits and reconciliation.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60, 120},
		}, []string{"source"}),
	}
}

// Written counts a write; see writes.Observer.
func (t *Telemetry) Written(w writes.Written) {
	t.written.all.WithLabelValues(w.Source, w.Field, outcomeWord(w.Outcome)).Inc()
	if !w.Replayed && (w.Outcome == writes.Done || w.Outcome == writes.Unknown) {
		t.written.took.WithLabelValues(w.Source).Observe(w.Took.Seconds())
	}
}

func outcomeWord(o writes.Outcome) string { return strings.ToLower(string(o)) }

// initSeries creates the series of a source before its first write: Prometheus sees an increase only if the series existed before.
func (w *written) initSeries(source string) {
	for _, field := range writes.Fields {
		for _, o := range writes.Outcomes {
			w.all.WithLabelValues(source, field, outcomeWord(o))
		}
	}
	w.took.WithLabelValues(source)
}

// writtenCollector sends the counts of writes, with the series of all sources.
type writtenCollector struct {
	*written
	state State
}

// Describe sends the descriptions of the metrics.
func (c writtenCollector) Describe(to chan<- *prometheus.Desc) {
	c.all.Describe(to)
	c.took.Describe(to)
	for _, m := range writesState {
		to <- m.desc
	}
}

// Collect sends the values of the metrics.
func (c writtenCollector) Collect(to chan<- prometheus.Metric) {
	kept := c.state.Writes()
	for _, s := range c.state.Sources() {
		c.initSeries(s.Name)
		writesShown.send(to, float64(kept.Shown[s.Name]), s.Name)
	}
	c.all.Collect(to)
	c.took.Collect(to)
	if kept.Counted {
		writesKeys.send(to, float64(kept.Keys))
		writesOpen.send(to, float64(kept.Notes))
	}
}

var (
	writesShown = gauge("roster_writes_shown", "Records that were written through the graph and that this replica shows although its fetches of the source do not have them yet.", "source")
	writesKeys  = gauge("roster_writes_keys", "Idempotency keys that are stored; only if they are stored in memory or a directory.")
	writesOpen  = gauge("roster_writes_unsettled", "Writes in progress, and writes with an unknown outcome; only if intents are stored in memory or a directory.")
)

var writesState = []metric{writesShown, writesKeys, writesOpen}
