package httpapi

import (
	"bytes"
	"io"
	"runtime"
	"strings"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// encoding is the content coding of an answer.
type encoding int

// The codings of answers. Of several that a client weighs alike, the first one is used.
const (
	asIs encoding = iota
	asZstd
	asBrotli
	asGzip
	numEncodings
)

// encodingNames are the values of Content-Encoding. They must not be changed.
var encodingNames = [numEncodings][]string{asIs: {"identity"}, asZstd: {"zstd"}, asBrotli: {"br"}, asGzip: {"gzip"}}

// leastEncoded is the length in bytes from which an answer is compressed: shorter ones fit into one packet anyway.
const leastEncoded = 1 << 10

// encodingFor returns the coding of an answer of that length for a client with these values of Accept-Encoding. Identity is acceptable unless the client
// excludes it. A client that accepts nothing else than what the server lacks gets identity.
func encodingFor(accept []string, length int) encoding {
	if len(accept) == 0 {
		return asIs
	}
	best, must := negotiateEncoding(accept)
	if length < leastEncoded && !must {
		return asIs
	}
	return best
}

// negotiateEncoding chooses the coding with the greatest weight. Must is true if the client excludes identity.
func negotiateEncoding(accept []string) (best encoding, must bool) {
	const unnamed = -1
	weights := [numEncodings]int{unnamed, unnamed, unnamed, unnamed}
	others := unnamed
	for _, line := range accept {
		for part := range strings.SplitSeq(line, ",") {
			name, params, _ := strings.Cut(part, ";")
			weight := weightOf(params)
			switch name = strings.TrimSpace(name); {
			case name == "*":
				others = weight
			case strings.EqualFold(name, "identity"):
				weights[asIs] = weight
			case strings.EqualFold(name, "zstd"):
				weights[asZstd] = weight
			case strings.EqualFold(name, "br"):
				weights[asBrotli] = weight
			case strings.EqualFold(name, "gzip"), strings.EqualFold(name, "x-gzip"):
				weights[asGzip] = weight
			}
		}
	}
	most := max(weights[asIs], 0)
	if weights[asIs] == unnamed {
		most = max(others, 0)
	}
	must = weights[asIs] == 0 || weights[asIs] == unnamed && others == 0
	for e := asZstd; e < numEncodings; e++ {
		weight := weights[e]
		if weight == unnamed && must { // the client names no coding, or * besides
			weight = others
		}
		if weight > most || weight == most && weight > 0 && best == asIs {
			best, most = e, weight
		}
	}
	return best, must && best != asIs
}

// encoders compress answers. At most one runs on each processor, because each takes memory.
type encoders struct {
	running chan struct{}
	pools   [numEncodings]sync.Pool
}

// encoder is a compressor that can be used again.
type encoder interface {
	io.WriteCloser
	Flush() error
	Reset(w io.Writer)
}

// The levels are those with which compression takes about as long as making an answer. The window of zstd is far below what RFC 9659 allows.
const (
	brotliLevel = 4
	gzipLevel   = 5
	ownWindow   = 1 << 20
)

func newEncoders() *encoders {
	e := &encoders{running: make(chan struct{}, runtime.GOMAXPROCS(0))}
	e.pools[asZstd].New = func() any {
		z, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithWindowSize(ownWindow), zstd.WithLowerEncoderMem(true))
		if err != nil {
			panic(err) // the options are constant
		}
		return z
	}
	e.pools[asBrotli].New = func() any { return brotli.NewWriterLevel(nil, brotliLevel) }
	e.pools[asGzip].New = func() any {
		z, err := gzip.NewWriterLevel(nil, gzipLevel)
		if err != nil {
			panic(err) // the level is constant
		}
		return z
	}
	return e
}

// stream returns a stream in a coding, for an answer that is written in parts. It must be released.
func (e *encoders) stream(as encoding) *encodedStream {
	s := &encodedStream{of: e, as: as}
	if as != asIs {
		s.encoder, _ = e.pools[as].Get().(encoder)
		s.encoder.Reset(&s.out)
	}
	return s
}

// encodedStream is an answer that is written in parts.
type encodedStream struct {
	of      *encoders
	as      encoding
	encoder encoder // nil for identity
	out     bytes.Buffer
}

// part returns what write writes, as the next part of the stream, or as its last one. It is valid until the next call.
func (s *encodedStream) part(last bool, write func(io.Writer) error) ([]byte, error) {
	s.of.running <- struct{}{}
	defer func() { <-s.of.running }()
	s.out.Reset()
	if s.encoder == nil {
		err := write(&s.out)
		return s.out.Bytes(), err
	}
	err := write(s.encoder)
	switch {
	case err != nil:
	case last:
		err = s.encoder.Close()
	default:
		err = s.encoder.Flush()
	}
	return s.out.Bytes(), err
}

func (s *encodedStream) release() {
	if s.encoder != nil {
		s.of.pools[s.as].Put(s.encoder)
	}
}

// encode returns what write writes, compressed.
func (e *encoders) encode(as encoding, write func(io.Writer)) []byte {
	e.running <- struct{}{}
	defer func() { <-e.running }()
	z, _ := e.pools[as].Get().(encoder)
	defer e.pools[as].Put(z)
	var out bytes.Buffer
	z.Reset(&out)
	write(z)
	z.Close()
	return out.Bytes()
}
