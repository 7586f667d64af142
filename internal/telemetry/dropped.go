package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/httpapi"
)

// dropped counts the clients that were disconnected because they were too slow. All its series exist from the beginning.
type dropped struct {
	all    *prometheus.CounterVec
	series [len(httpapi.Drops)]prometheus.Counter
}

func newDropped() *dropped {
	d := &dropped{all: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roster_clients_dropped_total",
		Help: "Connections, streams and messages of clients that were dropped for being slower than limits.min_rate: slow_reader, slow_sender.",
	}, []string{"reason"})}
	for _, why := range httpapi.Drops {
		d.series[why] = d.all.WithLabelValues(why.String())
	}
	return d
}

// Dropped counts a client that was disconnected; see httpapi.Server.
func (t *Telemetry) Dropped(why httpapi.Drop) { t.dropped.series[why].Inc() }
