package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/httpapi"
)

// hooked counts the webhooks of sources.
type hooked struct{ all *prometheus.CounterVec }

func newHooked() hooked {
	return hooked{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roster_hooks_total",
		Help: "Webhooks of sources: accepted; ignored, because they are about nothing that is fetched; rejected, because of a wrong secret or token (source is empty if there is none of that name); refused, because they were too long, too slow or cut off.",
	}, []string{"source", "result"})}
}

// Hooked counts a webhook; see httpapi.Options.
func (t *Telemetry) Hooked(source string, result httpapi.HookResult) {
	t.hooked.all.WithLabelValues(source, string(result)).Inc()
}
