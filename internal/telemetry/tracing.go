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

	"roster/internal/buildinfo"
	"roster/internal/snapshot"
)

// TracingOptions configure the export of traces.
type TracingOptions struct {
	// Endpoint is the collector's address, to which /v1/traces is added. If it is empty, OpenTelemetry's own environment variables may set the
	// address.
	Endpoint string
	// Ratio is the share of operations to trace if their caller has not decided.
	Ratio  float64
	Logger *slog.Logger
}

// Tracing creates spans of operations, of the fetches that they wait for, and of calls to sources.
type Tracing struct {
	provider   *sdktrace.TracerProvider
	tracer     trace.Tracer
	propagator propagation.TraceContext
	failures   prometheus.Counter

	mu      sync.Mutex
	fetches map[snapshot.Key]trace.SpanContext // the last of each collection
}

// OpenTracing opens the export of traces; it returns nil if no address is configured. It connects when the first trace is sent.
func OpenTracing(ctx context.Context, opt TracingOptions) (*Tracing, error) {
	if opt.Endpoint == "" && os.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT") == "" && os.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT") == "" {
		return nil, nil //nolint:nilnil // no traces is a valid configuration
	}
	t := &Tracing{fetches: make(map[snapshot.Key]trace.SpanContext), failures: prometheus.NewCounter(prometheus.CounterOpts{
		Name: "roster_trace_export_failures_total", Help: "How often traces could not be sent.",
	})}
	quiet(t.failures, opt.Logger)
	var where []otlptracehttp.Option
	if opt.Endpoint != "" {
		where = append(where, otlptracehttp.WithEndpointURL(strings.TrimRight(opt.Endpoint, "/")+"/v1/traces"))
	}
	exporter, err := otlptracehttp.New(ctx, where...)
	if err != nil { // its text may contain values from the environment
		return nil, errors.New("the exporter of traces cannot be made: check tracing and the OTEL_ variables of the environment")
	}
	version := buildinfo.Read().Version
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

// reportEvery is the least time between two log lines about traces that cannot be sent.
const reportEvery = 10 * time.Minute

// quiet keeps OpenTelemetry from writing to standard error, because its messages may contain addresses and headers.
func quiet(failures prometheus.Counter, log *slog.Logger) {
	otel.SetLogger(logr.Discard())
	var mu sync.Mutex
	var reported time.Time
	otel.SetErrorHandler(otel.ErrorHandlerFunc(func(error) {
		failures.Inc()
		mu.Lock()
		defer mu.Unlock()
		if now := time.Now(); reported.IsZero() || now.Sub(reported) >= reportEvery {
			reported = now
			log.Warn("traces cannot be sent; check tracing.endpoint and whether the collector is up")
		}
	}))
}

// Close sends the remaining traces, until ctx ends.
func (t *Tracing) Close(ctx context.Context) {
	if t != nil {
		_ = t.provider.Shutdown(ctx) // traces that could not be sent are lost, which has been logged
	}
}
