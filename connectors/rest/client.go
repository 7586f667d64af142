package rest

import (
	"bytes"
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"roster/connectors"
	"roster/connectors/upstream"
)

const (
	userAgent = "roster"
	// dialTimeout bounds the time between the consent to a write and its being sent: see connectors.WithConsent.
	dialTimeout = 10 * time.Second
)

// Options say how to call one source.
type Options struct {
	Source string // the source's name, for errors
	Kind   connectors.KindName
	Base   string // absolute http or https URL; a path in it is kept as a prefix
	// Judge returns what a reply means: nil for success. Status, Source and Op are filled in by the client.
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
	Told func(*Response) upstream.Told
	// Retries is how often a call is repeated at most that has failed and may fare better; nil for two.
	Retries *int
	Timeout time.Duration // one call from sending to the last byte; 0 means 30 s
	Bounds  connectors.Bounds
	// Runtime is what the program lends to the source.
	Runtime connectors.Runtime
	// Transport is for tests; nil means one of the client's own.
	Transport http.RoundTripper
}

// Client calls one source. It is safe for concurrent use.
type Client struct {
	*upstream.Caller
	opt       Options
	base      atomic.Pointer[url.URL]
	transport http.RoundTripper
}

// New checks the options and returns a client.
func New(opt Options) (*Client, error) {
	base, err := parseBase(opt.Base)
	if err != nil {
		return nil, err
	}
	opt.Bounds = opt.Bounds.OrDefault()
	transport := opt.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library's own
		t.MaxIdleConnsPerHost = 4
		t.DialContext = (&net.Dialer{Timeout: dialTimeout}).DialContext
		if opt.Runtime.Dial != nil {
			t.DialContext = opt.Runtime.Dial
		}
		transport = t
	}
	if opt.Counted == "" {
		opt.Counted = connectors.Fingerprint(opt.Kind, opt.Source, base.String())
	}
	c := &Client{
		Caller: upstream.New(upstream.Options{Source: opt.Source, Kind: opt.Kind, Counted: opt.Counted, Limit: opt.Limit, Also: opt.Also,
			Retries: opt.Retries, Timeout: opt.Timeout, Runtime: opt.Runtime}),
		opt: opt,
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

// Request is one call.
type Request struct {
	Op          string // the vendor's name for the call, for errors
	Method      string // GET when empty
	Path        string // below the base, escaped, without a leading slash
	Query       string // encoded
	Body        []byte
	ContentType string
	Header      http.Header
	// Bucket names what the source counts this call by, if it counts by more than the whole; calls of one bucket share a window.
	Bucket string
	// Write marks a call that changes something: it is never sent twice, and only with the consent that its context asks for (connectors.WithConsent).
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
	Body   []byte // must not be changed: see decode.JSON

	source, op  string
	maxRows     int // of a collection; 0 for the default
	certExpires time.Time
	document    *document // nil until the body is read
}

// Do makes a call, and returns the reply if Judge finds it good. See upstream.Caller.Do for waits and retries.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	var resp *Response
	call := upstream.Call{Op: req.Op, Bucket: req.Bucket, Place: req.place(), Write: req.Write, Spare: req.Spare}
	err := c.Caller.Do(ctx, call, func(ctx context.Context, x *upstream.Exchange) error {
		var e *connectors.Error
		if resp, e = c.send(ctx, &req, x.Header); e == nil {
			e = c.read(resp, &req, x)
		}
		if e == nil {
			return nil
		}
		x.Final = final(e)
		return e
	})
	if err != nil {
		return nil, err
	}
	return resp, nil
}

// place returns the host of a call that is not to the vendor's API itself.
func (r *Request) place() string {
	if u, err := url.Parse(r.Base); err == nil {
		return u.Host
	}
	return r.Base
}

// read judges a reply, and reports what it says of the source.
func (c *Client) read(resp *Response, req *Request, x *upstream.Exchange) *connectors.Error {
	x.Answered, x.Bytes, x.Date, x.CertExpires = true, len(resp.Body), resp.date(), resp.certExpires
	if c.opt.Told != nil {
		x.Told = c.opt.Told(resp)
	}
	judge := c.opt.Judge
	if req.Judge != nil {
		judge = req.Judge
	}
	e := judge(resp)
	if e != nil {
		e.Status = resp.Status
		x.Foreign = resp.Status < http.StatusInternalServerError && resp.isPage()
	}
	return e
}

// send sends a request, and reads the reply to its end.
func (c *Client) send(ctx context.Context, req *Request, header map[string]string) (*Response, *connectors.Error) {
	connectors.KeepReserved(ctx, nil) // the answer before is no longer needed
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
