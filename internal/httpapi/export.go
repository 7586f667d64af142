package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"roster/internal/access"
	"roster/internal/admission"
	"roster/internal/echo"
	"roster/internal/export"
	"roster/internal/freshness"
)

// The headers that say what an export lacks, because CSV has no place for it.
const (
	headerComplete = "X-Roster-Complete"
	headerMissing  = "X-Roster-Missing-Sources"
	headerStale    = "X-Roster-Stale-Sources"
)

// corsExposedOfExport are the headers that pages of an allowed origin may read.
var corsExposedOfExport = []string{corsExposed[0] + ", Content-Disposition, " + headerComplete + ", " + headerMissing + ", " + headerStale}

// exports serves the lists of the graph as CSV files.
type exports struct {
	handler *handler
	lists   *export.Lists
}

// ServeHTTP serves one list. Everything that can be wrong with a request is found before the first byte of the file. If the file cannot be sent to its end,
// the connection is reset, so that no client takes a part for the whole.
func (x *exports) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	header(w, r, asJSON)
	x.handler.origins.setHeaders(w.Header(), r)
	if w.Header()["Access-Control-Expose-Headers"] != nil {
		w.Header()["Access-Control-Expose-Headers"] = corsExposedOfExport
	}
	begun := false
	defer func() {
		switch p := recover(); {
		case p != nil && begun && p != http.ErrAbortHandler: //nolint:errorlint // net/http compares this value
			x.handler.panicked(r.Context(), p) //nolint:errcheck // the client cannot get it any more
			panic(http.ErrAbortHandler)
		case p != nil:
			x.handler.fail(r.Context(), w, p)
		}
	}()
	switch {
	case r.Method == http.MethodOptions:
		delete(w.Header(), "Content-Type")
		w.Header().Set("Allow", allowedForExport)
		x.handler.origins.preflight(w.Header(), r)
		w.WriteHeader(http.StatusNoContent)
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", allowedForExport)
		refuse(w, asGraphQL, badRequest(http.StatusMethodNotAllowed, "the method must be GET"))
	case x.handler.origins.foreign(r):
		refuse(w, asGraphQL, foreignOrigin)
	default:
		if e := x.serve(w, r, &begun); e != nil {
			refuse(w, asGraphQL, e)
		}
	}
}

const allowedForExport = "GET, HEAD, OPTIONS"

// serve sends the file, or returns why it cannot. It sets begun when it writes the first byte.
func (x *exports) serve(w http.ResponseWriter, r *http.Request, begun *bool) *refusal {
	if !r.ProtoAtLeast(1, 1) { // it has no end mark, so that a part would look like the whole
		return badRequest(http.StatusHTTPVersionNotSupported, "a file needs HTTP/1.1 or later")
	}
	requirement, err := freshness.Parse(r.Header["Cache-Control"], time.Now())
	if err != nil {
		return badRequest(http.StatusBadRequest, "%s", err)
	}
	ctx, caller, e := x.handler.identify(r.Context(), r, credentialsOf(r))
	if e != nil {
		return e
	}
	h := x.handler.forCaller(caller)
	rate, e := h.count(caller)
	h.setRateHeaders(w.Header(), rate)
	if e != nil {
		return e
	}
	name, isCSV := strings.CutSuffix(r.PathValue("file"), ".csv")
	params, err := exportParamsOf(r.URL.RawQuery)
	if err != nil {
		return badParameter(err)
	}
	table, err := x.lists.Table(name, params.columns, access.FromContext(ctx))
	switch {
	case err != nil:
		return badParameter(err)
	case table == nil || !isCSV:
		return badRequest(http.StatusNotFound, "there is no such list")
	}
	if err = params.fits(table); err != nil {
		return badParameter(err)
	}
	hold := h.hold(admission.Exports, &caller)
	defer hold.Release()
	if e := h.refusalOf(admission.Exports, hold.Resize(1)); e != nil {
		return e
	}
	until := time.Now().Add(h.limits.ExportTime)
	ctx, cancel := context.WithDeadline(ctx, earlier(until, caller.expires))
	defer cancel()
	defer servingOf(ctx).onStop(h.retired, cancel)()
	pages := &exportPages{handler: h, caller: caller, headers: r.Header, table: table, params: params, requirement: requirement,
		series: freshness.Series{Columns: table.Columns()}, size: exportPage}
	defer func() { pages.memory.release() }()
	if r.Method == http.MethodHead {
		pages.size = 0
	}
	if e := pages.next(ctx); e != nil {
		return e
	}
	*begun = true
	pages.setHeaders(w.Header(), name)
	x.send(ctx, w, r, pages)
	return nil
}

// send writes the file, from the page that has been fetched.
func (x *exports) send(ctx context.Context, w http.ResponseWriter, r *http.Request, pages *exportPages) {
	as := encodingFor(r.Header["Accept-Encoding"], leastEncoded)
	if as != asIs {
		w.Header()["Content-Encoding"] = encodingNames[as]
	}
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodHead {
		return
	}
	out := x.handler.encoders.stream(as)
	defer out.release()
	control := http.NewResponseController(w)
	until, _ := ctx.Deadline()
	for first := true; ; first = false {
		text, err := out.part(!pages.page.PageInfo.HasNextPage, func(b io.Writer) error { return pages.write(b, first) })
		if err == nil {
			control.SetWriteDeadline(earlier(time.Now().Add(x.handler.limits.AnswerTime), until)) //nolint:errcheck // if it cannot be set, there is none
			_, err = w.Write(text)                                                                //nolint:gosec // browsers save CSV, and do not interpret it
		}
		if err == nil {
			err = control.Flush()
			control.SetWriteDeadline(until) //nolint:errcheck // as above; HTTP/2 resets a stream whose deadline passes, also while nothing is written
		}
		pages.memory.release()
		switch {
		case errors.Is(err, http.ErrNotSupported): // in tests
		case err != nil:
			panic(http.ErrAbortHandler)
		}
		if !pages.page.PageInfo.HasNextPage {
			return
		}
		if pages.next(ctx) != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

// setHeaders sets the headers of the file.
func (p *exportPages) setHeaders(h http.Header, name string) {
	h.Set("Content-Type", "text/csv; charset=utf-8; header=present")
	h.Set("Content-Disposition", `attachment; filename="`+name+`-`+time.Now().UTC().Format(time.DateOnly)+`.csv"`)
	if age, _ := ageOf(p.answer, false, false); age >= 0 {
		h.Set("Age", strconv.Itoa(age))
	}
	h.Set(headerComplete, strconv.FormatBool(len(p.series.Missing) == 0))
	if len(p.series.Missing) > 0 {
		h.Set(headerMissing, p.missing())
	}
	if len(p.series.Stale) > 0 {
		h.Set(headerStale, strings.Join(p.series.Stale, ", "))
	}
}

// exportParams are the parameters of a request.
type exportParams struct {
	columns         []string // nil for the default
	filter, orderBy json.RawMessage
	mark            bool // the file begins with a byte order mark
}

// exportParamsOf reads the parameters of an address. A parameter that is unknown is an error: without its filter, a file would have more than was meant.
func exportParamsOf(query string) (p exportParams, err error) {
	values, err := url.ParseQuery(query)
	if err != nil {
		return p, &export.InputError{Parameter: "query", Message: "the query of the address is not well-formed"}
	}
	for name, all := range values {
		if len(all) != 1 {
			return p, &export.InputError{Parameter: "query", Message: echo.Quoted(name) + " is there twice"}
		}
		switch value := all[0]; name {
		case "columns":
			p.columns = strings.Split(value, ",")
		case export.VarFilter:
			p.filter = json.RawMessage(value)
		case export.VarOrderBy:
			p.orderBy = json.RawMessage(value)
		case "bom":
			if p.mark, err = strconv.ParseBool(value); err != nil {
				return p, &export.InputError{Parameter: name, Message: "it must be true or false"}
			}
		default:
			return p, &export.InputError{Parameter: "query", Message: "the parameters are columns, filter, orderBy and bom"}
		}
	}
	return p, nil
}

// fits returns an error if the list does not accept the parameters.
func (p *exportParams) fits(t *export.Table) error {
	for _, given := range []struct {
		name  string
		value json.RawMessage
	}{{export.VarFilter, p.filter}, {export.VarOrderBy, p.orderBy}} {
		switch {
		case given.value == nil:
		case !t.Accepts(given.name):
			return &export.InputError{Parameter: given.name, Message: "this list does not have it"}
		case !json.Valid(given.value) || !utf8.Valid(given.value):
			return &export.InputError{Parameter: given.name, Message: "it must be JSON, as the variable of a query"}
		}
	}
	return nil
}

// badParameter returns the refusal because of a parameter.
func badParameter(err error) *refusal {
	e := &refusal{status: http.StatusBadRequest, code: codeBadInput, message: err.Error()}
	if input, ok := errors.AsType[*export.InputError](err); ok {
		e.more = map[string]any{"argument": input.Parameter, "inputPath": strings.Split(input.Parameter, ".")}
	}
	return e
}
