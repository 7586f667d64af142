package telemetry

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/httpapi"
)

// The type of an operation is unknown for a request in which no operation was found.
const unknownType = "unknown"

var types = [...]string{"query", "mutation", "subscription", unknownType}

// operations counts operations. All its series exist from the beginning, so counting needs no lookup.
type operations struct {
	all      *prometheus.CounterVec
	took     *prometheus.HistogramVec
	size     *prometheus.HistogramVec
	inFlight prometheus.Gauge
	byType   map[string]ofType
}

// ofType are the series of one type of operation.
type ofType struct {
	outcomes   [len(httpapi.Outcomes)]prometheus.Counter
	took, size prometheus.Observer
}

func newOperations() *operations {
	o := &operations{
		all: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "roster_operations_total",
			Help: "Operations by type and outcome: ok; partial, where a source lacks data; refused, because of the request or a limit, with the reason: the code of the error or the name of the limit; timed_out; canceled by the caller; failed, where the fault is ours.",
		}, []string{"type", "outcome", "reason"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roster_operation_duration_seconds", Help: "How long operations took, from the request's head to the answer's last byte.",
			Buckets: []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 15},
		}, []string{"type"}),
		size: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "roster_answer_size_bytes", Help: "How large answers were, in bytes as they were sent: compressed if the client accepts that.", Buckets: prometheus.ExponentialBuckets(256, 4, 9),
		}, []string{"type"}),
		inFlight: prometheus.NewGauge(prometheus.GaugeOpts{Name: "roster_operations_in_flight", Help: "Operations that have begun and not ended."}),
		byType:   make(map[string]ofType, len(types)),
	}
	for _, t := range types {
		of := ofType{took: o.took.WithLabelValues(t), size: o.size.WithLabelValues(t)}
		for _, outcome := range httpapi.Outcomes {
			of.outcomes[outcome] = o.all.WithLabelValues(t, outcome.String(), outcome.Reason())
		}
		o.byType[t] = of
	}
	return o
}

func (o *operations) register(r *prometheus.Registry) {
	r.MustRegister(o.all, o.took, o.size, o.inFlight)
}

func (o *operations) of(operation string) ofType {
	if of, ok := o.byType[operation]; ok {
		return of
	}
	return o.byType[unknownType]
}

// Begin observes an operation; see httpapi.Observer.
func (t *Telemetry) Begin(ctx context.Context, op httpapi.Operation) (context.Context, func(httpapi.Outcome)) {
	t.operations.inFlight.Inc()
	x := exchangeOf(ctx)
	// A request with a single answer is measured as a whole; on a connection, and in a file, each operation is measured.
	alone := x == nil || x.connection || x.export || op.Type == "subscription"
	var start time.Time
	if alone {
		start = time.Now()
		switch {
		case x == nil || x.connection:
		case x.export:
			x.began = true
		default:
			x.countedApart = true
		}
	} else {
		x.operation, x.began, start = op.Type, true, x.start
	}
	ended := func(httpapi.Outcome) {}
	if t.tracing != nil {
		ctx, ended = t.tracing.operation(ctx, op, start)
	}
	return ctx, func(outcome httpapi.Outcome) {
		t.operations.inFlight.Dec()
		ended(outcome)
		if alone {
			of := t.operations.of(op.Type)
			of.outcomes[outcome].Inc()
			of.took.Observe(time.Since(start).Seconds())
			return
		}
		x.outcome = outcome
	}
}
