package telemetry

import (
	"context"
	"net/http"
	"time"

	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"

	"roster/connectors"
	"roster/internal/echo"
	"roster/internal/httpapi"
	"roster/internal/snapshot"
)

// The attributes of spans in addition to OpenTelemetry's own. All values except the operation's name are from closed sets.
const (
	attrSource     = attribute.Key("roster.source")
	attrKind       = attribute.Key("roster.kind")
	attrCollection = attribute.Key("roster.collection")
	attrMeaning    = attribute.Key("roster.meaning")
	attrOutcome    = attribute.Key("roster.outcome")
	attrTier       = attribute.Key("roster.tier")
	attrTaken      = attribute.Key("roster.taken")
	attrComplete   = attribute.Key("roster.complete")
	attrRecords    = attribute.Key("roster.records")
	attrAttempt    = attribute.Key("roster.attempt")
	attrSent       = attribute.Key("roster.sent")
	attrWaited     = attribute.Key("roster.limit_wait_ms")
	attrBytes      = attribute.Key("http.response.body.size")
	attrStatus     = attribute.Key("http.response.status_code")
	attrOperation  = attribute.Key("graphql.operation.type")
	attrName       = attribute.Key("graphql.operation.name")
	attrRequest    = attribute.Key("roster.request_id")
)

// incoming continues the caller's trace.
func (t *Tracing) incoming(ctx context.Context, h http.Header) context.Context {
	return t.propagator.Extract(ctx, propagation.HeaderCarrier(h))
}

// operation begins the span of an operation.
func (t *Tracing) operation(ctx context.Context, op httpapi.Operation, start time.Time) (context.Context, func(httpapi.Outcome)) {
	attrs := []attribute.KeyValue{attrOperation.String(op.Type)}
	if op.Name != "" {
		attrs = append(attrs, attrName.String(echo.Cut(op.Name)))
	}
	if x := exchangeOf(ctx); x != nil {
		attrs = append(attrs, attrRequest.String(x.id[0]))
	}
	ctx, span := t.tracer.Start(ctx, op.Type, trace.WithSpanKind(trace.SpanKindServer), trace.WithTimestamp(start), trace.WithAttributes(attrs...))
	return ctx, func(outcome httpapi.Outcome) {
		span.SetAttributes(attrOutcome.String(outcome.String()))
		if outcome == httpapi.OutcomeFailed || outcome == httpapi.OutcomeTimedOut {
			span.SetStatus(codes.Error, outcome.String())
		}
		span.End()
	}
}

// Loading begins the span in which an operation waits for collections; see snapshot.Observer.
func (t *Tracing) Loading(ctx context.Context) (context.Context, func()) {
	ctx, span := t.tracer.Start(ctx, "load")
	return ctx, func() { span.End() }
}

// Waiting begins the span in which an operation waits for one collection. The span is linked to the fetch that it waits for.
func (t *Tracing) Waiting(ctx context.Context, key snapshot.Key) func() {
	_, span := t.tracer.Start(ctx, "wait for "+key.Collection.String(), trace.WithAttributes(about(key)...))
	return func() {
		t.mu.Lock()
		fetch := t.fetches[key]
		t.mu.Unlock()
		if fetch.IsValid() {
			span.AddLink(trace.Link{SpanContext: fetch})
		}
		span.End()
	}
}

// Fetching begins the span of a fetch. The span belongs to no operation: many operations may wait for the fetch, or none.
func (t *Tracing) Fetching(ctx context.Context, key snapshot.Key) (context.Context, func(snapshot.FetchEnd)) {
	ctx, span := t.tracer.Start(ctx, "read "+key.Collection.String(), trace.WithNewRoot(), trace.WithAttributes(about(key)...))
	t.mu.Lock()
	t.fetches[key] = span.SpanContext()
	t.mu.Unlock()
	return ctx, func(end snapshot.FetchEnd) {
		span.SetAttributes(attrRecords.Int(end.Records), attrComplete.Bool(end.Complete))
		failed(span, end.Err)
		span.End()
	}
}

// LoadingStored begins the span in which a snapshot is read from the tier.
func (t *Tracing) LoadingStored(ctx context.Context, key snapshot.Key, tier snapshot.TierKind) (context.Context, func(bool)) {
	ctx, span := t.tracer.Start(ctx, "take "+key.Collection.String(), trace.WithNewRoot(), trace.WithAttributes(append(about(key), attrTier.String(tier.String()))...))
	return ctx, func(taken bool) {
		span.SetAttributes(attrTaken.Bool(taken))
		span.End()
	}
}

// call begins the span of a call. If propagating is set, the call carries its trace context.
func (t *Tracing) call(ctx context.Context, call connectors.Call, propagating bool) (context.Context, connectors.Observed) {
	ctx, span := t.tracer.Start(ctx, call.Op, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(
		attrSource.String(call.Source), attrKind.String(string(call.Kind)), attrAttempt.Int(call.Attempt)))
	var header map[string]string
	if propagating {
		header = make(map[string]string)
		t.propagator.Inject(ctx, propagation.MapCarrier(header))
	}
	return ctx, connectors.Observed{Header: header, Done: func(end connectors.CallEnd) {
		span.SetAttributes(attrSent.Bool(end.Sent), attrWaited.Int64(end.Waited.Milliseconds()), attrBytes.Int(end.Bytes))
		failed(span, end.Err)
		span.End()
	}}
}

func about(key snapshot.Key) []attribute.KeyValue {
	return []attribute.KeyValue{attrSource.String(key.Source), attrCollection.String(key.Collection.String())}
}

// failed records an error in a span: its kind, and no text of the source.
func failed(span trace.Span, e *connectors.Error) {
	span.SetAttributes(attrMeaning.String(resultOf(e)))
	if e == nil {
		return
	}
	if e.Status != 0 {
		span.SetAttributes(attrStatus.Int(e.Status))
	}
	span.SetStatus(codes.Error, labelOf(e.Kind))
}
