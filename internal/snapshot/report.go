package snapshot

import (
	"log/slog"
	"slices"
	"time"

	"roster/connectors"
)

// report makes one line of the log.
func (t *step) report(level slog.Level, message string, attrs ...slog.Attr) {
	attrs = append([]slog.Attr{slog.String("source", t.key.Source), slog.String("collection", t.key.Collection.String())}, attrs...)
	t.do(logLine{level, message, attrs})
}

// reportCondition logs a change of condition in one line: the new state, the previous one unless it was missing, and where the data came from.
func (t *step) reportCondition(was condition) {
	status := t.result(&t.collectionState, t.now).Status
	attrs := []slog.Attr{slog.String("state", status.State.String())}
	if was.state != status.State && was.state != Missing {
		attrs = append(attrs, slog.String("was", was.state.String()))
	}
	attrs = append(attrs, slog.Int("records", status.Count))
	retryIn := slog.Duration("retry_in", t.next.Sub(t.now).Round(time.Second))
	level, message := slog.LevelInfo, "collection changed its condition"
	if t.err == nil && t.snap != nil {
		attrs = append(attrs, slog.String("from", t.from.String()))
	}
	switch e := t.err; {
	case e != nil && e.Kind == connectors.KindSuspiciousLoss && status.Loss != nil:
		l := status.Loss
		level, message = slog.LevelWarn, "a large loss of records is held back"
		attrs = append(attrs, slog.Int("known", l.Known), slog.Int("found", l.Found), slog.Int("lost", l.Lost), slog.Time("until", status.AcceptAt.UTC()))
	case e != nil:
		level, message = slog.LevelWarn, "collection cannot be fetched"
		attrs = append(attrs, slog.String("kind", e.Kind.String()), slog.String("error", e.Error()), retryIn)
	case status.Short != nil:
		level, message = slog.LevelWarn, "collection is incomplete"
		attrs = append(attrs, slog.String("reason", status.Short.Detail), retryIn)
	case status.State == Fresh && was.state == Missing:
		message = "collection is fetched"
	case status.State == Fresh && was.failing:
		message = "collection is fetched again"
	}
	t.report(level, message, attrs...)
}

// reportAnomalies logs each kind of anomaly once: the field and the type of its value. The metrics and the graph report the counts.
func (t *step) reportAnomalies() {
	for _, a := range t.noteAnomalies(t.snap) {
		field, count := slog.String("field", a.Field), slog.Int("count", a.Count)
		switch a.Example {
		case connectors.NotSent:
			t.report(slog.LevelWarn, "source sends no custom fields, although the settings ask for them: see the source's notes in docs/sources.md", field, count)
		case connectors.AnotherField:
			t.report(slog.LevelWarn, "source has several custom fields with the configured name: set path to the ID of one", field, count)
		default:
			t.report(slog.LevelWarn, "source sends values that cannot be read", field, slog.String("type", a.Example), count)
		}
	}
}

// noteAnomalies records the kinds of anomalies of a snapshot, and returns the new ones. The anomalies of another replica's fetch are
// logged by that replica.
func (t *step) noteAnomalies(snap *Snapshot) (fresh []connectors.Anomaly) {
	if snap == nil {
		return nil
	}
	for _, a := range snap.Anomalies {
		if !slices.ContainsFunc(t.anomalies, func(known connectors.Anomaly) bool { return known.Field == a.Field && known.Example == a.Example }) {
			t.anomalies, fresh = append(slices.Clip(t.anomalies), a), append(fresh, a)
		}
	}
	return fresh
}

// reportStoring logs when the shared store begins to refuse our data, and when it accepts the data again. The store itself logs that it is
// unavailable.
func (t *step) reportStoring(err error) {
	if err != nil && !t.membership.Connected || (err != nil) == t.unstored {
		return
	}
	if t.unstored = err != nil; t.unstored {
		t.report(slog.LevelWarn, "fetched data cannot be stored: it is in memory only", slog.String("reason", err.Error()))
		return
	}
	t.report(slog.LevelInfo, "fetched data can be stored again")
}
