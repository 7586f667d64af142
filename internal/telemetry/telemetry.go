package telemetry

import (
	"context"
	"net/http"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"roster/connectors"
	"roster/internal/snapshot"
)

// Telemetry collects metrics and traces for the operator. Safe for concurrent use.
type Telemetry struct {
	registry   *prometheus.Registry
	calls      *calls
	operations *operations
	written    *written
	dropped    *dropped
	refused    refused
	hooked     hooked
	tracing    *Tracing // nil without traces
}

// New returns the telemetry of a program; tracing may be nil.
func New(tracing *Tracing) *Telemetry {
	t := &Telemetry{registry: prometheus.NewRegistry(), calls: newCalls(), operations: newOperations(), written: newWritten(), dropped: newDropped(), refused: newRefused(), hooked: newHooked(),
		tracing: tracing}
	t.registry.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), buildInfo())
	t.calls.register(t.registry)
	t.operations.register(t.registry)
	t.registry.MustRegister(t.dropped.all, t.refused.all, t.hooked.all)
	if tracing != nil {
		t.registry.MustRegister(tracing.failures)
	}
	return t
}

// Watch adds the metrics of the program's state; redis may be nil. Call it once.
func (t *Telemetry) Watch(s State, redis Redis) {
	t.registry.MustRegister(stateCollector{s, redis}, writtenCollector{t.written, s})
}

// Metrics serves the metrics to Prometheus.
func (t *Telemetry) Metrics() http.Handler {
	return promhttp.HandlerFor(t.registry, promhttp.HandlerOpts{ErrorHandling: promhttp.ContinueOnError, MaxRequestsInFlight: 4})
}

// Fetches observes the fetches of the sources; nil without traces.
func (t *Telemetry) Fetches() snapshot.Observer {
	if t.tracing == nil {
		return nil
	}
	return t.tracing
}

// Calls observes the calls to sources. If propagating is set, each call carries its trace context.
func (t *Telemetry) Calls(propagating bool) connectors.Observer {
	if t.tracing == nil {
		return t.calls
	}
	return both{t.calls, t.tracing, propagating}
}

// both observes calls for metrics and for traces.
type both struct {
	calls       *calls
	tracing     *Tracing
	propagating bool
}

// Begin notifies both observers.
func (b both) Begin(ctx context.Context, call connectors.Call) (context.Context, connectors.Observed) {
	ctx, counted := b.calls.Begin(ctx, call)
	ctx, traced := b.tracing.call(ctx, call, b.propagating)
	return ctx, connectors.Observed{Header: traced.Header, Done: func(end connectors.CallEnd) {
		counted.Done(end)
		traced.Done(end)
	}}
}
