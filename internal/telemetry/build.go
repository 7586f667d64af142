package telemetry

import (
	"github.com/prometheus/client_golang/prometheus"

	"roster/internal/buildinfo"
)

func buildInfo() prometheus.Collector {
	build := buildinfo.Read()
	g := prometheus.NewGauge(prometheus.GaugeOpts{
		Name: "roster_build_info", Help: "Always 1; its labels say which program this is.",
		ConstLabels: prometheus.Labels{"version": build.Version, "revision": build.Commit, "date": build.Date, "goversion": build.Go},
	})
	g.Set(1)
	return g
}
