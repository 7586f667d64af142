package telemetry

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/webhook"
)

var (
	webhookMessages   = counter("roster_webhook_messages_total", "Messages that the receiver of the webhook has accepted.", "webhook")
	webhookChanges    = counter("roster_webhook_changes_total", "Changes in these messages.", "webhook")
	webhookResets     = counter("roster_webhook_resets_total", "Messages among them that told the receiver to read everything anew, by reason.", "webhook", "reason")
	webhookFailures   = counter("roster_webhook_failures_total", "Attempts to deliver a message that failed.", "webhook")
	webhookDead       = counter("roster_webhook_dead_letters_total", "Messages that were given up.", "webhook")
	webhookDelivering = gauge("roster_webhook_delivering", "1 if this replica delivers the webhook.", "webhook")
	webhookEnded      = gauge("roster_webhook_ended", "1 if the receiver wants no more messages (HTTP 410), as far as this replica knows.", "webhook")
	webhookRetrying   = gauge("roster_webhook_retrying_seconds", "How long ago the message was made that is being tried again; 0 if the last attempt has not failed.", "webhook")
)

// delivered sends the metrics of a webhook.
func delivered(to chan<- prometheus.Metric, w *webhook.Stats, now time.Time) {
	webhookMessages.send(to, float64(w.Messages), w.Name)
	webhookChanges.send(to, float64(w.Changes), w.Name)
	for _, reason := range webhook.Reasons {
		webhookResets.send(to, float64(w.Resets[reason]), w.Name, reason)
	}
	webhookFailures.send(to, float64(w.Failed), w.Name)
	webhookDead.send(to, float64(w.Dead), w.Name)
	webhookDelivering.send(to, flag(w.Delivering), w.Name)
	webhookEnded.send(to, flag(w.Ended), w.Name)
	since := time.Duration(0)
	if !w.Retrying.IsZero() {
		since = max(0, now.Sub(w.Retrying))
	}
	webhookRetrying.send(to, since.Seconds(), w.Name)
}
