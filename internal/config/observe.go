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

type adminFile struct {
	Listen string `key:"listen" type:"host:port" default:"(listen)" doc:"Serves /metrics there instead, and /healthz and /readyz there too. It may be an address that others reach: the metrics contain names of sources, and no names of people."`
	Pprof  bool   `key:"pprof" default:"false" doc:"Adds /debug/pprof/ there. Needs admin.listen."`
}

type logFile struct {
	Format string `key:"format" oneof:"text json" default:"(text in a terminal, else json)" doc:"How each line of the log, on standard error, is written."`
	Level  string `key:"level" oneof:"debug info warn error" default:"info" doc:"The least that is logged. At debug, each request has a line."`
}

type tracingFile struct {
	Endpoint string  `key:"endpoint" type:"URL" default:"(none)" doc:"Switches traces on, and sends them there by OTLP over HTTP: http://127.0.0.1:4318. Without it, OTEL_EXPORTER_OTLP_ENDPOINT and the other variables of OpenTelemetry apply."`
	Ratio    float64 `key:"ratio" default:"1" min:"0" max:"1" doc:"The share of operations to trace, where the caller's traceparent does not decide it."`
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
