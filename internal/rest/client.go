package rest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/internal/limit"
)

const (
	defaultTimeout = 30 * time.Second
	userAgent      = "roster"
	// dialTimeout bounds the time between a guard's consent to a write and its being sent: see connectors.WithGuard.
	dialTimeout = 10 * time.Second
	// defaultPause is for a source that says "too many" without saying for how long.
	defaultPause = time.Minute
	// defaultBlock is for a source that blocks us: it is left alone, and tried again rarely.
	defaultBlock = time.Hour
)

// Options say how to call one source.
type Options struct {
	Source string // the source's name, for errors
	Kind   connectors.KindName
	Base   string // absolute http or https URL; a path in it is kept as a prefix
	// Judge says what a reply means: nil for success. Status, Source and Op are filled in by the client.
	Judge func(*Response) *connectors.Error
	// Sign puts the credential on a request just before it is sent, each time that it is. It may be nil. Its error is a *connectors.Error,
	// and keeps the request from being sent.
	Sign func(*http.Request) error
	// Counted names what the source counts calls by, and reveals no credential; empty for this source's own name and address. Limit is what
	// it allows, and Also are further budgets in which each call counts.
	Counted string
	Limit   connectors.RateLimit
	Also    []connectors.Budget
	// Told reads from a reply what the source says of its limit, if it does.
	Told func(*Response) Told
	// Retries is how often a call is repeated at most that has failed and may fare better; nil for two.
	Retries *int
	Timeout time.Duration // one call from sending to the last byte; 0 means 30 s
	Bounds  connectors.Bounds
	// Runtime is what the program lends to the source.
	Runtime connectors.Runtime
	// Transport is for tests; nil means one of the client's own.
	Transport http.RoundTripper
}

// Told is what a source says of its limit.
type Told struct {
	// Calls is how many calls it allows, where that is fewer than was thought; 0 where it does not say.
	Calls int
	// Pause is how long to send no further call, since none is left; 0 where some are.
	Pause time.Duration
}

// Client calls one source. Safe for concurrent use.
type Client struct {
	opt       Options
	base      atomic.Pointer[url.URL]
	transport http.RoundTripper
	limits    connectors.Limits
	calls     atomic.Int64 // what the source says it allows, where that is less than Options.Limit; 0 otherwise
	retries   int
	allowance allowance
	breaker   breaker  // of the API
	elsewhere breakers // of other places
	buckets   sync.Map // the names of those that calls have counted in
}

// New checks the options and gives a client.
func New(opt Options) (*Client, error) {
	base, err := parseBase(opt.Base)
	if err != nil {
		return nil, err
	}
	if opt.Timeout <= 0 {
		opt.Timeout = defaultTimeout
	}
	opt.Bounds = opt.Bounds.OrDefault()
	transport := opt.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library's own
		t.MaxIdleConnsPerHost = 4
		t.ResponseHeaderTimeout = opt.Timeout
		t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		if opt.Runtime.Dial != nil {
			t.DialContext = opt.Runtime.Dial
		}
		transport = t
	}
	if opt.Counted == "" {
		opt.Counted = connectors.Fingerprint(opt.Kind, opt.Source, base.String())
	}
	limits := opt.Runtime.Limits
	if limits == nil {
		limits = limit.New(nil)
	}
	retries := defaultRetries
	if opt.Retries != nil {
		retries = *opt.Retries
	}
	c := &Client{
		opt:     opt,
		limits:  limits,
		retries: retries,
		// Not an http.Client: that would follow redirects, which could carry a credential elsewhere, or at least read where they lead to.
		transport: transport,
	}
	c.base.Store(base)
	return c, nil
}

func parseBase(raw string) (*url.URL, error) {
	base, err := url.Parse(raw)
	if err != nil || base.Hostname() == "" || (base.Scheme != "https" && base.Scheme != "http") {
		return nil, errors.New("not an absolute http or https URL")
	}
	if base.User != nil || base.RawQuery != "" || base.ForceQuery || base.Fragment != "" {
		return nil, errors.New("must have no user, query or fragment")
	}
	base.Path, base.RawPath = strings.TrimRight(base.Path, "/"), strings.TrimRight(base.RawPath, "/")
	return base, nil
}

// Health says how the calls to the source's API have gone of late. Where only some kinds of calls are paused, it gives the longest of their pauses.
func (c *Client) Health() connectors.Health {
	h := c.breaker.health()
	if h.Pause = c.limits.Paused(c.opt.Counted); h.Pause != nil {
		return h
	}
	for _, key := range c.budgetKeys() {
		if e := c.limits.Paused(key); e != nil && (h.Pause == nil || e.RetryAfter > h.Pause.RetryAfter) {
			h.Pause, h.PartPaused = e, true
		}
	}
	return h
}

// Request is one call.
type Request struct {
	Op          string // the vendor's name for the call, for errors
	Method      string // GET when empty
	Path        string // below the base, escaped, without a leading slash
	Query       string // encoded
	Body        []byte
	ContentType string
	Header      http.Header
	// Bucket names what the source counts this call by, where it counts by more than the whole; calls of one bucket share a window.
	Bucket string
	// Write marks a call that changes something: it is never sent twice, and only where the guard of its context lets it (connectors.WithGuard).
	Write bool
	// Spare marks a call that must not hold up the source's others. All such calls together have a tenth of its limit, and come one at a time
	// and after all others; beyond that they are refused at once. They are not repeated, and keep nothing but each other back when they fail
	// or the source asks to wait.
	Spare bool

	// What differs for a call that is not to the vendor's API itself, such as one for a token; the limits are the same. The zero values are
	// for the client's own.
	Base  string // another place than Options.Base, with a breaker of its own
	Judge func(*Response) *connectors.Error
	Sign  func(*http.Request) error
}

// Response is a reply, read to its end. It is not safe for concurrent use.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	source, op  string
	maxRows     int // of a collection; 0 for the default
	certExpires time.Time
	document    *document // nil until the body is read
}

// Do sends a call within the source's limits, waiting for its turn, and gives the reply if Judge finds it good. A reading that has failed,
// or is asked to wait for a short while, is sent again: a few times, within the caller's deadline, and as far as the source's allowance for
// repetitions goes. While the source is left alone after failures, calls fail at once. Every error is a *connectors.Error.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	c.allowance.earn()
	garbled := 0
	for attempt := 1; ; attempt++ {
		resp, e := c.observed(ctx, req, attempt)
		if e == nil {
			return resp, nil
		}
		if e.Kind == connectors.KindBadResponse {
			garbled++
		}
		if wait, again := c.again(ctx, &req, e, attempt, garbled); !again || !pause(ctx, wait) {
			return nil, e
		}
	}
}

// observed makes one attempt, and tells the observer of it.
func (c *Client) observed(ctx context.Context, req Request, attempt int) (*Response, *connectors.Error) {
	if c.opt.Runtime.Observer == nil {
		return c.once(ctx, req, nil, &connectors.CallEnd{})
	}
	var end connectors.CallEnd
	ctx, o := c.opt.Runtime.Observer.Begin(ctx, connectors.Call{Source: c.opt.Source, Kind: c.opt.Kind, Op: req.Op, Attempt: attempt})
	if o.Waits != nil {
		ctx = connectors.WithWaits(ctx, o.Waits)
	}
	resp, e := c.once(ctx, req, o.Header, &end)
	end.Err = e
	o.Done(end)
	return resp, e
}

// once makes one attempt, where the breaker lets it.
func (c *Client) once(ctx context.Context, req Request, header map[string]string, end *connectors.CallEnd) (*Response, *connectors.Error) {
	breaker := c.breakerOf(&req)
	probe, e := breaker.enter(ctx)
	if e != nil {
		e.Unsent = true
		return nil, c.named(e, req.Op)
	}
	m := silent
	defer func() { breaker.leave(probe, m, e) }()
	resp, e := c.call(ctx, req, header, end)
	if m = meaningOf(ctx, resp, e); m == page && e.RetryAfter < pagePause {
		e.RetryAfter = pagePause
	}
	if e != nil {
		return nil, c.named(e, req.Op)
	}
	return resp, nil
}

// call waits for its turn, sends the request, and judges the reply, which it gives also where that is an error.
func (c *Client) call(ctx context.Context, req Request, header map[string]string, end *connectors.CallEnd) (*Response, *connectors.Error) {
	wanted := time.Now()
	if req.Spare {
		req.Bucket = spareBucket
	}
	budgets := c.budgets(req.Bucket)
	pass, e := c.limits.Enter(ctx, budgets, c.opt.Timeout)
	began := time.Now()
	end.Waited = began.Sub(wanted)
	if e != nil {
		return nil, e
	}
	answered := false
	defer func() { pass.Leave(answered) }()
	resp, e := c.send(ctx, req, header)
	end.Sent, end.Took = e == nil || !e.Unsent, time.Since(began)
	answered = resp != nil || !end.Sent // what was not sent is not on its way either
	if resp != nil {
		end.Bytes = len(resp.Body)
		end.Date, end.CertExpires = resp.date(), resp.certExpires
	}
	if e == nil {
		judge := c.opt.Judge
		if req.Judge != nil {
			judge = req.Judge
		}
		e = judge(resp)
		if e != nil {
			most := c.maxPause()
			if e.Blocked {
				most = defaultBlock
			}
			e.Status, e.RetryAfter = resp.Status, min(e.RetryAfter, most)
		}
	}
	c.applyReply(budgets, req.Bucket, resp, e) // before the next call can start
	return resp, e
}

func (c *Client) named(e *connectors.Error, op string) *connectors.Error {
	e.Source, e.Op = c.opt.Source, op
	return e
}

func (c *Client) send(ctx context.Context, req Request, header map[string]string) (*Response, *connectors.Error) {
	connectors.KeepReserved(ctx, nil) // the answer before is no longer needed
	ctx, cancel := context.WithTimeout(ctx, c.opt.Timeout)
	defer cancel()
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	target := c.base.Load().String() + "/" + req.Path
	if req.Base != "" {
		target = strings.TrimRight(req.Base, "/") + "/" + req.Path
	}
	if req.Query != "" {
		target += "?" + req.Query
	}
	r, err := http.NewRequestWithContext(ctx, method, target, bytes.NewReader(req.Body))
	if err != nil {
		return nil, &connectors.Error{Kind: connectors.KindInvalid, Detail: "the request could not be made", Err: err}
	}
	for k, vs := range req.Header {
		r.Header[k] = vs
	}
	for k, v := range header {
		r.Header.Set(k, v)
	}
	r.Header.Set("User-Agent", userAgent)
	if r.Header.Get("Accept") == "" {
		r.Header.Set("Accept", "application/json")
	}
	r.Header.Set("Accept-Encoding", "gzip") // said here, the transport leaves decompressing to us, which bounds it
	if req.ContentType != "" {
		r.Header.Set("Content-Type", req.ContentType)
	}
	sign := c.opt.Sign
	if req.Sign != nil {
		sign = req.Sign
	}
	if sign != nil {
		if err := sign(r); err != nil {
			e := *connectors.AsError(c.opt.Source, err)
			e.Unsent = true
			return nil, &e
		}
	}
	res, e := c.launch(r, req.Write)
	if e != nil {
		return nil, e
	}
	defer res.Body.Close()
	body, e := c.readBody(ctx, res)
	if e != nil {
		return nil, e
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body, source: c.opt.Source, op: req.Op, maxRows: c.opt.Bounds.Rows,
		certExpires: certExpiry(res.TLS)}, nil
}

// MaxRows is how many rows a collection of the source may have.
func (c *Client) MaxRows() int { return c.opt.Bounds.Rows }

// Below turns an absolute link that the source gave into a path and a query below the base. It refuses a link to any other place, so that
// no credential goes there.
func (c *Client) Below(op, link string) (path, query string, err error) {
	refuse := func() (string, string, error) {
		return "", "", &connectors.Error{Source: c.opt.Source, Op: op, Kind: connectors.KindBadResponse,
			Detail: "the answer links to another host or path; it was not followed"}
	}
	base := c.base.Load()
	u, err := url.Parse(link)
	if err != nil || u.User != nil || u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host) {
		return refuse()
	}
	path, ok := strings.CutPrefix(u.EscapedPath(), base.EscapedPath()+"/")
	if !ok || strings.Contains(u.Path, "..") { // however it is escaped
		return refuse()
	}
	return path, u.RawQuery, nil
}
