package rest

import (
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	"roster/connectors"
)

// longFrom is how long an answer is, decompressed, before its ratio counts and its memory: short answers may repeat themselves as they like.
const longFrom = 1 << 20

// errBound is the cause of the error for an answer beyond a bound: the next one would be too.
var errBound = errors.New("beyond a bound")

// readBody reads an answer to its end, decompressed and within the bounds. A long one reserves as much memory as it may become, and waits for that.
func (c *Client) readBody(ctx context.Context, res *http.Response) ([]byte, *connectors.Error) {
	sent := &counted{r: res.Body}
	var plain io.Reader = sent
	compressed := isGzip(res.Header)
	if compressed {
		plain = &gunzipped{from: sent}
		res.Header.Del("Content-Encoding")
		res.Header.Del("Content-Length")
	}
	most := c.opt.Bounds.Bytes
	var reserved func()
	limited := &bounded{r: plain, left: most, long: func() (err error) {
		if reserved, err = c.opt.Runtime.Memory.Reserve(ctx, most); err != nil {
			return errNoMemory
		}
		return nil
	}}
	defer func() { connectors.KeepReserved(ctx, reserved) }()
	if compressed {
		limited.sent, limited.ratio = sent, c.opt.Bounds.Ratio
	}
	body, err := io.ReadAll(limited)
	switch {
	case errors.Is(err, errTooLong):
		return nil, beyond(res.StatusCode, fmt.Sprintf("the answer is larger than %d bytes, which max_bytes of the source allows", most))
	case errors.Is(err, errRatio):
		return nil, beyond(res.StatusCode, fmt.Sprintf("the answer becomes more than %d times as long when it is decompressed, which max_ratio of the source allows",
			c.opt.Bounds.Ratio))
	case errors.Is(err, errNoMemory):
		return nil, &connectors.Error{Kind: connectors.KindTimeout, Status: res.StatusCode, Err: context.Cause(ctx),
			Detail: "not read in time: other answers take all that limits.fetch_bytes allows"}
	case err != nil:
		e := transportError(err)
		e.Status = res.StatusCode
		return nil, e
	}
	return body, nil
}

func beyond(status int, detail string) *connectors.Error {
	return &connectors.Error{Kind: connectors.KindBadResponse, Status: status, Detail: detail, Err: errBound}
}

func isGzip(h http.Header) bool {
	encoding := strings.ToLower(strings.TrimSpace(h.Get("Content-Encoding")))
	return encoding == "gzip" || encoding == "x-gzip"
}

// counted counts what is read.
type counted struct {
	r io.Reader
	n int
}

// Read reads on.
func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += n
	return n, err
}

// gunzipped decompresses. An answer without a body is none also where its headers say that it is compressed.
type gunzipped struct {
	from io.Reader
	z    *gzip.Reader
}

// Read reads on.
func (g *gunzipped) Read(p []byte) (int, error) {
	if g.z == nil {
		z, err := gzip.NewReader(g.from)
		if err != nil {
			return 0, err
		}
		g.z = z
	}
	return g.z.Read(p)
}

var (
	errTooLong  = errors.New("too long")
	errRatio    = errors.New("compressed too much")
	errNoMemory = errors.New("no memory in time")
)

// bounded ends with an error where more comes than is allowed.
type bounded struct {
	r     io.Reader
	left  int
	sent  *counted // nil for what is not compressed
	ratio int
	got   int
	long  func() error // is called once, when the answer turns out to be long; then nil
}

// Read reads on.
func (b *bounded) Read(p []byte) (int, error) {
	if len(p) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	b.left, b.got = b.left-n, b.got+n
	switch {
	case b.left < 0:
		return 0, errTooLong
	case b.sent != nil && b.got > longFrom && b.got/b.ratio > b.sent.n:
		return 0, errRatio
	case b.got > longFrom && b.long != nil:
		long := b.long
		b.long = nil
		if err := long(); err != nil {
			return 0, err
		}
	}
	return n, err
}
