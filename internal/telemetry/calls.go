package telemetry

import (
	"context"
	"strings"
	"sync"

	"github.com/prometheus/client_golang/prometheus"

	"roster/connectors"
)

// maxOps limits the distinct calls of one source, in case a connector has too many names for them. All further calls are counted as otherOp.
const (
	maxOps  = 32
	otherOp = "other"
)

// calls counts the calls to sources.
type calls struct {
	done     *prometheus.CounterVec
	withheld *prometheus.CounterVec
	retries  *prometheus.CounterVec
	bytes    *prometheus.CounterVec
	took     *prometheus.HistogramVec
	waited   *prometheus.HistogramVec

	mu  sync.Mutex
	ops map[string]map[string]bool // by source
}

func newCalls() *calls {
	counter := func(name, help string, labels ...string) *prometheus.CounterVec {
		return prometheus.NewCounterVec(prometheus.CounterOpts{Name: name, Help: help}, labels)
	}
	return &calls{
		done:     counter("roster_source_calls_total", "Calls that were sent to a source, by the vendor's name for the call and by the kind of their error; ok for none.", "source", "op", "meaning"),
		withheld: counter("roster_source_calls_withheld_total", "Calls that were not sent, because of the rate limit, a pause or the breaker.", "source", "op", "meaning"),
		retries:  counter("roster_source_retries_total", "Calls that were retries, sent or not.", "source", "op"),
		bytes:    counter("roster_source_answer_bytes_total", "Bytes of the source's answers, decompressed.", "source", "op"),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roster_source_call_duration_seconds", Help: "How long calls took, from their sending to the last byte of the answer.",
			Buckets: []float64{.025, .05, .1, .25, .5, 1, 2.5, 5, 10, 20, 30, 60},
		}, []string{"source", "op"}),
		waited: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roster_source_limit_wait_seconds", Help: "How long calls waited because of the source's rate limit.",
			Buckets: []float64{.001, .01, .1, .5, 1, 2.5, 5, 10, 30, 60, 90},
		}, []string{"source"}),
		ops: make(map[string]map[string]bool),
	}
}

func (c *calls) register(r *prometheus.Registry) {
	r.MustRegister(c.done, c.withheld, c.retries, c.bytes, c.took, c.waited)
}

// Begin observes a call; see connectors.Observer.
func (c *calls) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	return ctx, connectors.Observed{Done: func(end connectors.CallEnd) { c.ended(call, end) }}
}

func (c *calls) ended(call connectors.Call, end connectors.CallEnd) {
	op := c.bounded(call.Source, call.Op)
	if call.Attempt > 1 {
		c.retries.WithLabelValues(call.Source, op).Inc()
	}
	c.waited.WithLabelValues(call.Source).Observe(end.Waited.Seconds())
	if !end.Sent {
		c.withheld.WithLabelValues(call.Source, op, resultOf(end.Err)).Inc()
		return
	}
	c.done.WithLabelValues(call.Source, op, resultOf(end.Err)).Inc()
	c.bytes.WithLabelValues(call.Source, op).Add(float64(end.Bytes))
	c.took.WithLabelValues(call.Source, op).Observe(end.Took.Seconds())
}

// bounded returns the label for a call.
func (c *calls) bounded(source, op string) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := c.ops[source]
	if known == nil {
		known = make(map[string]bool)
		c.ops[source] = known
	}
	if !known[op] && len(known) >= maxOps {
		return otherOp
	}
	if !known[op] {
		known[op] = true
		c.initSeries(source, op)
	}
	return op
}

// initSeries creates the series at a call's first occurrence: Prometheus sees an increase only if the series existed before.
func (c *calls) initSeries(source, op string) {
	c.retries.WithLabelValues(source, op)
	limited := labelOf(connectors.KindRateLimited)
	c.withheld.WithLabelValues(source, op, limited)
	c.done.WithLabelValues(source, op, limited)
}

// resultOf returns a call's result as a label: the kind of its error, or ok.
func resultOf(e *connectors.Error) string {
	if e == nil {
		return "ok"
	}
	return labelOf(e.Kind)
}

// labelOf returns a kind of error as a label.
func labelOf(k connectors.ErrorKind) string { return strings.ReplaceAll(k.String(), " ", "_") }
