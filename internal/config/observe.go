package config

import (
	"net/url"
)

// Admin is the listener for the operator.
type Admin struct {
	// Listen is empty for the main listener.
	Listen string
	// Pprof adds Go's profiles.
	Pprof bool
}

// Log is the level and format of the log.
type Log struct {
	// Format is text or json, or empty: text on a terminal, json otherwise.
	Format string
	// Level is debug, info, warn or error.
	Level string
}

// Tracing configures the export of traces.
type Tracing struct {
	// Endpoint is the address of the collector; if it is empty, the environment can set one.
	Endpoint string
	// Ratio is the share of operations to trace, from 0 to 1.
	Ratio float64
}

func (d *decoder) admin(f *adminFile) Admin {
	if f.Listen != "" {
		d.hostPort(f.Listen, "admin.listen")
	}
	if f.Pprof && f.Listen == "" {
		d.fault("admin.pprof", "needs admin.listen: profiles are not for callers of the graph")
	}
	return Admin(*f)
}

func (d *decoder) tracing(f *tracingFile) Tracing {
	const path = "tracing.endpoint"
	if f.Endpoint != "" && !d.faulty(path) {
		u, err := url.Parse(f.Endpoint)
		switch {
		case err != nil || u.Hostname() == "" || (u.Scheme != "https" && u.Scheme != "http"):
			d.fault(path, "must be a full URL, such as http://127.0.0.1:4318")
		case u.User != nil || u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
			d.fault(path, "must not contain a user, ? or #: set credentials in the environment variable OTEL_EXPORTER_OTLP_HEADERS")
		}
	}
	return Tracing(*f)
}
