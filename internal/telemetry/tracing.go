package telemetry

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/resource"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"roster/internal/snapshot"
)

// TracingOptions say where traces go.
type TracingOptions struct {
	// Endpoint is the collector's address, to which /v1/traces is added; empty where the environment may name one, in OpenTelemetry's own
	// variables.
	Endpoint string
	// Ratio is the share of operations to trace that come without their caller's decision.
	Ratio  float64
	Logger *slog.Logger
}

// Tracing makes spans of operations, of the readings that they wait for, and of the calls of sources.
type Tracing struct {
	provider   *sdktrace.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TraceContext
	failures   prometheus.Counter

	mu       sync.Mutex
	readings map[snapshot.Key]trace.SpanContext // the last of each collection
}

// OpenTracing gives what makes traces; nil where nobody has said where they are to go. It connects when there is something to send.
func OpenTracing(ctx context.Context, opt TracingOptions) (*Tracing, error) {
	if opt.Endpoint == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil //nolint:nilnil // no traces, and nothing wrong with that
	}
	t := &Tracing{readings: make(map[snapshot.Key]trace.SpanContext), failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "roster_trace_export_failures_total", Help: "How often traces could not be sent.",
	})}
	quiet(t.failures, opt.Logger)
	var where []otlptracehttp.Option
	if opt.Endpoint != "" {
		where = append(where, otlptracehttp.WithEndpointURL(strings.TrimRight(opt.Endpoint, "/")+"/v1/traces"))
	}
	exporter, err := otlptracehttp.New(ctx, where...)
	if err != nil { // its text may hold what the environment does
		return nil, errors.New("the exporter of traces cannot be made: check tracing and the OTEL_ variables of the environment")
	}
	version, _ := version()
	about, err := resource.New(ctx, resource.WithTelemetrySDK(),
		resource.WithAttributes(attribute.String("service.name", "roster"), attribute.String("service.version", version)), resource.WithFromEnv())
	if err != nil && about == nil {
		return nil, errors.New("OTEL_RESOURCE_ATTRIBUTES cannot be understood")
	}
	t.provider = sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter), sdktrace.WithResource(about),
		sdktrace.WithSampler(sdktrace.ParentBased(sdktrace.TraceIDRatioBased(opt.Ratio))))
	t.tracer = t.provider.Tracer("roster")
	return t, nil
}

// tellEvery is how often, at most, the log says that traces cannot be sent.
const tellEvery = 10 * time.Minute

// quiet keeps OpenTelemetry from writing to standard error what may hold addresses and headers.
func quiet(failures prometheus.Counter, log *slog.Logger) {
	otel.SetLogger(logr.Discard())
	var mu sync.Mutex
	var told time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {
		failures.Inc()
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); told.IsZero() || now.Sub(told) >= tellEvery {
			told = now
			log.Warn("traces cannot be sent; check tracing.endpoint and whether the collector is up")
		}
	}))
}

// Close sends what is left, and takes no longer than ctx.
func (t *Tracing) Close(ctx context.Context) {
	if t != nil {
		_ = t.provider.Shutdown(ctx) // what could not be sent is lost, and has been told
	}
}
