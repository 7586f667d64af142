package rest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"roster/connectors"
)

const (
	defaultTimeout = 30 * time.Second
	// defaultMaxBody is far above the largest reply in the dossiers (10,000 Worksection members, all users of an Altcraft account).
	defaultMaxBody = 256 << 20
	userAgent      = "roster"
	// maxAttempts is how often one call is sent in all when the source asks to wait.
	maxAttempts = 3
)

// Options say how to call one source.
type Options struct {
	Source string // the source's name, for errors
	Kind   connectors.Kind
	Base   string // absolute http or https URL; a path in it is kept as a prefix
	// Judge says what a reply means: nil for success. Status, Source and Op are filled in by the client.
	Judge func(*Response) *connectors.Error
	// Sign puts the credential on a request just before it is sent, each time that it is. It may be nil. Its error is a *connectors.Error,
	// and keeps the request from being sent.
	Sign    func(*http.Request) error
	Limit   connectors.RateLimit
	Timeout time.Duration // one call from sending to the last byte; 0 means 30 s
	MaxBody int64         // bytes of a reply after decompression; 0 means 256 MiB
	// Runtime is what the program lends to the source.
	Runtime connectors.Runtime
	// Transport is for tests; nil means one of the client's own.
	Transport http.RoundTripper
}

// Client calls one source. Safe for concurrent use.
type Client struct {
	opt   Options
	base  atomic.Pointer[url.URL]
	http  *http.Client
	limit *limiter
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
	if opt.MaxBody <= 0 {
		opt.MaxBody = defaultMaxBody
	}
	transport := opt.Transport
	if transport == nil {
		t := http.DefaultTransport.(*http.Transport).Clone() //nolint:errcheck // the standard library's own
		t.MaxIdleConnsPerHost = 4
		t.ResponseHeaderTimeout = opt.Timeout
		if opt.Runtime.Dial != nil {
			t.DialContext = opt.Runtime.Dial
		}
		transport = t
	}
	c := &Client{
		opt: opt,
		http: &http.Client{
			Transport: transport,
			// A redirect could carry a credential elsewhere, and turns a POST into a GET: the reply itself is judged instead.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		limit: newLimiter(opt.Limit),
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
	// Bucket names what the source counts this call by, where it counts by more than the whole; calls of one bucket share a window.
	Bucket string
	// Write marks a call that changes something: it is never sent twice.
	Write bool

	// What differs for a call that is not to the vendor's API itself, such as one for a token; the limits are the same. The zero values are
	// for the client's own.
	Base  string // another place than Options.Base
	Judge func(*Response) *connectors.Error
	Sign  func(*http.Request) error
}

// Response is a reply, read to its end.
type Response struct {
	Status int
	Header http.Header
	Body   []byte

	source, op string
}

// Do sends a call within the source's limit, waiting for its turn, and gives the reply if Judge finds it good. When the source asks for
// patience for a short while, a reading is sent again after it, three times in all. Every error is a *connectors.Error.
func (c *Client) Do(ctx context.Context, req Request) (*Response, error) {
	for attempt := 1; ; attempt++ {
		resp, e := c.observed(ctx, req, attempt)
		if e == nil {
			return resp, nil
		}
		// Without a status it was not the source that refused but the limiter, which has waited as long as it may.
		if e.Kind != connectors.KindRateLimited || e.Status == 0 || e.Blocked || req.Write || attempt == maxAttempts || e.RetryAfter > patience {
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
	resp, e := c.once(ctx, req, o.Header, &end)
	end.Err = e
	o.Done(end)
	return resp, e
}

func (c *Client) once(ctx context.Context, req Request, header map[string]string, end *connectors.CallEnd) (*Response, *connectors.Error) {
	wanted := time.Now()
	release, e := c.limit.acquire(ctx, req.Bucket)
	began := time.Now()
	end.Waited = began.Sub(wanted)
	if e != nil {
		return nil, c.named(e, req.Op)
	}
	defer release()
	resp, e := c.send(ctx, req, header)
	end.Sent, end.Took = true, time.Since(began)
	if resp != nil {
		end.Bytes = len(resp.Body)
	}
	if e == nil {
		judge := c.opt.Judge
		if req.Judge != nil {
			judge = req.Judge
		}
		e = judge(resp)
		if e != nil {
			e.Status = resp.Status
		}
	}
	if e == nil {
		return resp, nil
	}
	switch {
	case e.Blocked:
		c.limit.block(e)
	case e.Kind == connectors.KindRateLimited:
		c.limit.pause(req.Bucket, e)
	}
	return nil, c.named(e, req.Op)
}

func (c *Client) named(e *connectors.Error, op string) *connectors.Error {
	e.Source, e.Op = c.opt.Source, op
	return e
}

func (c *Client) send(ctx context.Context, req Request, header map[string]string) (*Response, *connectors.Error) {
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
	if req.ContentType != "" {
		r.Header.Set("Content-Type", req.ContentType)
	}
	sign := c.opt.Sign
	if req.Sign != nil {
		sign = req.Sign
	}
	if sign != nil {
		if err := sign(r); err != nil {
			return nil, connectors.AsError(c.opt.Source, err)
		}
	}
	res, err := c.http.Do(r)
	if err != nil {
		return nil, transportError(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(io.LimitReader(res.Body, c.opt.MaxBody+1))
	if err != nil {
		e := transportError(err)
		e.Status = res.StatusCode
		return nil, e
	}
	if int64(len(body)) > c.opt.MaxBody {
		return nil, &connectors.Error{Kind: connectors.KindBadResponse, Status: res.StatusCode,
			Detail: fmt.Sprintf("the answer is larger than %d bytes", c.opt.MaxBody)}
	}
	return &Response{Status: res.StatusCode, Header: res.Header, Body: body, source: c.opt.Source, op: req.Op}, nil
}

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
