//go:build linux

package attack_test

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"io"
	"net/http"
	"sync"

	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/zstd"
)

// coders compress, each in one of the codings of HTTP, be it one that the program knows or not.
var coders = map[string]func(io.Writer) (io.WriteCloser, error){
	"gzip": func(w io.Writer) (io.WriteCloser, error) { return gzip.NewWriter(w), nil },
	"br":   func(w io.Writer) (io.WriteCloser, error) { return brotli.NewWriterLevel(w, 5), nil },
	"zstd": func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) },
	"zstd, wide": func(w io.Writer) (io.WriteCloser, error) {
		return zstd.NewWriter(w, zstd.WithWindowSize(zstd.MaxWindowSize))
	},
	"deflate": func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.DefaultCompression) },
}

// compressed is a text in some codings, one after the other.
func compressed(text io.Reader, codings ...string) string {
	for _, coding := range codings {
		var b bytes.Buffer
		w, err := coders[coding](&b)
		if err == nil {
			_, err = io.Copy(w, text)
		}
		if err == nil {
			err = w.Close()
		}
		if err != nil {
			panic(err)
		}
		text = &b
	}
	all, err := io.ReadAll(text)
	if err != nil {
		panic(err)
	}
	return string(all)
}

// bombSize is what a bomb becomes.
const bombSize = 50 << 20

// bombs are bodies that become much more than they are, or claim a coding that nobody knows.
var bombs = sync.OnceValue(func() []attack {
	const tooLarge, unknown = "larger than the limit", "the content encodings can be"
	return []attack{
		{"a gzip bomb", byPost(compressed(endless(bombSize), "gzip"), "Content-Encoding", "gzip"), 413, tooLarge},
		{"a zstd bomb", byPost(compressed(endless(bombSize), "zstd"), "Content-Encoding", "zstd"), 413, tooLarge},
		{"zstd with a window of 512 MiB", byPost(compressed(endless(bombSize), "zstd, wide"), "Content-Encoding", "zstd"), 400, "larger window"},
		{"a brotli bomb", byPost(compressed(endless(bombSize), "br"), "Content-Encoding", "br"), 413, tooLarge},
		{"a bomb in a bomb in a bomb", byPost(compressed(endless(4*bombSize), "gzip", "br", "gzip"), "Content-Encoding", "gzip, br, gzip"), 413, tooLarge},
		{"four bombs in each other", byPost(compressed(endless(bombSize), "gzip", "gzip", "gzip", "gzip"), "Content-Encoding", "gzip, gzip, gzip, gzip"), 415, unknown},
		{"a deflate bomb", byPost(compressed(endless(bombSize), "deflate"), "Content-Encoding", "deflate"), 415, unknown},
		{"a coding that nobody knows", byPost(plain, "Content-Encoding", "x-bomb"), 415, unknown},
		{"a coding of 10 kB", byPost(plain, "Content-Encoding", string(bytes.Repeat([]byte("gzip,"), 2000))), 415, unknown},
		{"gzip that is none", byPost(plain, "Content-Encoding", "gzip"), 400, ""},
	}
})

// coded answers with rows in a coding, and says that it is one.
func coded(says, begin, item string, n int, end string, codings ...string) http.HandlerFunc {
	body := compressed(io.MultiReader(bytes.NewReader([]byte(begin)), repeated(item, n), bytes.NewReader([]byte(end))), codings...)
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Encoding", says)
		text(body)(w, r)
	}
}
