package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"net/http"
	"runtime"
	"strings"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

const (
	// acceptEncodings are the supported content codings, apart from identity.
	acceptEncodings = "gzip, zstd, br"
	// maxCodings is the greatest number of codings of one body.
	maxCodings = 3
	// zstdWindow is the largest window that RFC 9659 allows for HTTP.
	zstdWindow = 8 << 20
)

// errLonger says that a body is too long after decompression.
var errLonger = errors.New("longer than the limit")

// decoders decompress bodies. At most one runs on each processor, because some allocate 16 MiB for any body.
type decoders struct {
	running chan struct{}
	zstd    *zstd.Decoder
	limit   int // of a body in bytes, also between two codings
}

func newDecoders(limit int) *decoders {
	// A window may be larger than the body, but the decoder rejects a window that is larger than its memory limit.
	z, err := zstd.NewReader(nil, zstd.WithDecoderMaxWindow(zstdWindow), zstd.WithDecoderMaxMemory(uint64(max(limit, zstdWindow))),
		zstd.WithDecoderConcurrency(0), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options are constant
	}
	return &decoders{running: make(chan struct{}, runtime.GOMAXPROCS(0)), zstd: z, limit: limit}
}

// codingsOf returns the content codings of a request's body in the order in which they must be decoded.
func codingsOf(h http.Header) (codings []string, known bool) {
	for _, line := range h["Content-Encoding"] {
		for coding := range strings.SplitSeq(line, ",") {
			switch coding = strings.ToLower(strings.TrimSpace(coding)); coding {
			case "", "identity":
			case "gzip", "x-gzip", "zstd", "br":
				codings = append([]string{coding}, codings...)
			default:
				return nil, false
			}
			if len(codings) > maxCodings {
				return nil, false
			}
		}
	}
	return codings, true
}

// decode decompresses a body. The error is errLonger, that of the context, or says that the body does not match its codings.
func (d *decoders) decode(ctx context.Context, codings []string, text []byte) ([]byte, error) {
	select {
	case d.running <- struct{}{}:
		defer func() { <-d.running }()
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for _, coding := range codings {
		var err error
		if text, err = d.undo(coding, text); err != nil {
			return nil, err
		}
	}
	return text, nil
}

// undo decodes one coding.
func (d *decoders) undo(coding string, text []byte) (out []byte, err error) {
	switch coding {
	case "zstd":
		out, err = d.zstd.DecodeAll(text, nil)
		if errors.Is(err, zstd.ErrDecoderSizeExceeded) {
			return nil, errLonger
		}
	case "br":
		out, err = io.ReadAll(io.LimitReader(brotli.NewReader(bytes.NewReader(text)), int64(d.limit)+1))
	default:
		var unpacked *gzip.Reader
		if unpacked, err = gzip.NewReader(bytes.NewReader(text)); err == nil {
			out, err = io.ReadAll(io.LimitReader(unpacked, int64(d.limit)+1))
		}
	}
	if err == nil && len(out) > d.limit {
		return nil, errLonger
	}
	return out, err
}

// undecoded returns the refusal for an error of decode.
func (h *handler) undecoded(err error) *refusal {
	switch {
	case errors.Is(err, errLonger):
		return h.tooLarge()
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return tookTooLong
	case errors.Is(err, zstd.ErrWindowSizeExceeded):
		return badRequest(http.StatusBadRequest, "the body is compressed with a larger window than the 8 MiB that RFC 9659 allows: compress it with a smaller one")
	}
	return badRequest(http.StatusBadRequest, "the body cannot be decompressed: it is cut off, or not what its Content-Encoding says")
}
