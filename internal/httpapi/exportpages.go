package httpapi

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"roster/internal/export"
	"roster/internal/freshness"
)

// exportPage is the number of rows of a page, unless such a page would exceed a limit.
const exportPage = 500

// exportPages fetches the rows of an export, page by page. Each page is an operation like that of a client: it is counted, admitted, bounded, observed and recorded.
// All of them use the data of the first one.
type exportPages struct {
	handler     *handler
	caller      caller
	headers     http.Header
	table       *export.Table
	params      exportParams
	requirement freshness.Requirement
	series      freshness.Series
	size        int

	page    *export.Page      // the present one; nil before the first
	answer  *freshness.Answer // of the first one
	sources gqlerror.List     // what sources lack, by the first one
	memory  memory            // of the present one
}

// next fetches the next page, with as many rows as the limits allow. If other operations take what it needs, the first page is refused. The others wait, because
// the client has a part of the file already.
func (p *exportPages) next(ctx context.Context) *refusal {
	first := p.page == nil
	if !first {
		if e := p.count(ctx); e != nil {
			return e
		}
	}
	for {
		e := p.fetch(ctx)
		switch {
		case e == nil:
			return nil
		case p.size > 1 && tooLong(e):
			p.size = max(1, p.size/5)
		case first || e.retryAfter <= 0:
			return e
		default:
			if e := pause(ctx, e.retryAfter); e != nil {
				return e
			}
		}
	}
}

// count counts a page as a request of the caller, and waits if there are too many.
func (p *exportPages) count(ctx context.Context) *refusal {
	for {
		rate, e := p.handler.count(p.caller)
		if e == nil {
			return nil
		}
		if e := pause(ctx, rate.RetryAfter); e != nil {
			return e
		}
	}
}

// fetch fetches the next page.
func (p *exportPages) fetch(ctx context.Context) *refusal {
	op := newOperation(true)
	op.builtIn = true
	op.exchange.Place, op.exchange.Series = freshness.InExtensions, &p.series
	variables := map[string]any{export.VarFirst: p.size}
	if p.params.filter != nil {
		variables[export.VarFilter] = p.params.filter
	}
	if p.params.orderBy != nil {
		variables[export.VarOrderBy] = p.params.orderBy
	}
	if p.page == nil {
		op.exchange.Requirement = p.requirement
	} else {
		variables[export.VarAfter] = p.page.PageInfo.EndCursor
	}
	text, err := json.Marshal(variables)
	if err != nil {
		return badParameter(err)
	}
	op.request = len(text)
	if e := p.handler.take(&input{Query: p.table.Document(), Variables: text}, &op.parts.params); e != nil {
		return e
	}
	op.parts.params.Headers = p.headers
	kept := false
	defer func() {
		if !kept { // also after a panic
			op.memory.release()
		}
	}()
	resp, e := p.handler.run(ctx, op, &op.parts.params, p.caller)
	if e != nil {
		return e
	}
	if len(resp.Errors) > 0 {
		return failed(resp.Errors)
	}
	page, err := export.ReadPage(resp.Data)
	if err != nil {
		return &refusal{status: http.StatusInternalServerError, given: p.handler.panicked(ctx, err)}
	}
	if p.page == nil {
		p.answer = op.exchange.Answer
		p.sources, _ = resp.Extensions["sources"].(gqlerror.List)
	}
	p.page, p.memory, kept = page, op.memory, true
	return nil
}

// write writes the rows of the present page, after the header row if it is the first one.
func (p *exportPages) write(w io.Writer, first bool) error {
	if first {
		if p.params.mark {
			if _, err := w.Write(byteOrderMark); err != nil {
				return err
			}
		}
		if err := p.table.WriteHeader(w); err != nil {
			return err
		}
	}
	err := p.table.WriteRows(w, p.page)
	p.page.Nodes = nil // frees the memory while the client reads
	return err
}

// missing returns the sources that lack data, as the value of a header: a list by RFC 9651, whose items have the extensions of the errors as parameters.
func (p *exportPages) missing() string {
	var items []string
	for _, source := range p.series.Missing {
		item := source
		for _, e := range p.sources {
			if e.Extensions["source"] != source {
				continue
			}
			item += ";code=" + valueOf(e, "code")
			if reason := valueOf(e, "reason"); reason != "" {
				item += ";reason=" + reason
			}
			if seconds, ok := e.Extensions["retryAfter"].(int); ok {
				item += ";retry-after=" + strconv.Itoa(seconds)
			}
			break
		}
		items = append(items, item)
	}
	return strings.Join(items, ", ")
}

func valueOf(e *gqlerror.Error, extension string) string {
	switch v := e.Extensions[extension].(type) {
	case nil:
		return ""
	case string:
		return v
	case interface{ String() string }:
		return v.String()
	}
	return ""
}

// pause waits, or returns a refusal if the context ends before that.
func pause(ctx context.Context, d time.Duration) *refusal {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return tookTooLong
	}
}

// tooLong reports whether a page is refused because of its length, so that a shorter one may be possible.
func tooLong(e *refusal) bool {
	limit := e.more["limit"]
	if len(e.given) == 1 {
		limit = e.given[0].Extensions["limit"]
	}
	return limit == "cost" || limit == "answer_bytes"
}

// failed returns the refusal because of the errors of a page. Their locations and paths are in a document that the client does not know.
func failed(errs gqlerror.List) *refusal {
	e := &refusal{status: http.StatusBadRequest, given: make(gqlerror.List, len(errs))}
	for i, err := range errs {
		shown := *err
		shown.Locations, shown.Path = nil, nil
		e.given[i] = &shown
		switch code, _ := shown.Extensions["code"].(string); code {
		case codeForbidden:
			e.status = max(e.status, http.StatusForbidden)
		case codeTimeout, codeLogUnavailable:
			e.status = max(e.status, http.StatusServiceUnavailable)
		case codeInternal:
			e.status = http.StatusInternalServerError
		}
	}
	return e
}
