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

// refused counts the connections beyond a limit. All its series exist from the beginning.
type refused struct{ all *prometheus.CounterVec }

func newRefused() refused {
	all := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "roster_connections_refused_total",
		Help: "Connections that were refused because as many were open as the limit allows: connections in all, address_connections from one address.",
	}, []string{"limit"})
	for _, limit := range httpapi.ConnectionLimits {
		all.WithLabelValues(limit)
	}
	return refused{all}
}

// Refused counts a connection that was refused because of a limit; see httpapi.Server.
func (t *Telemetry) Refused(limit string) { t.refused.all.WithLabelValues(limit).Inc() }
