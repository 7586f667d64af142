package http1

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"log"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"pgregory.net/rapid"
)

// seen is everything that handlers and clients have seen of a connection.
type seen struct {
	requests []string
	answers  []string
	plain    int // the requests that the loop has served
}

// handler records each request, and answers in a way that the X-Answer of the request says.
func (s *seen) handler() http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if _, is := w.(*response); is {
			s.plain++
		}
		how := r.Header.Get("X-Answer")
		if strings.Contains(how, "wait") {
			select {
			case <-r.Context().Done():
			default:
			}
		}
		var body []byte
		var err error
		if !strings.Contains(how, "unread") {
			body, err = io.ReadAll(r.Body)
		}
		s.requests = append(s.requests, fmt.Sprintf("%s %q %q %q %s %d.%d %v %d %v %v %v %s\n%q %v %v", r.Method, r.RequestURI, r.URL, r.Host, r.Proto, r.ProtoMajor,
			r.ProtoMinor, r.Header, r.ContentLength, r.TransferEncoding, r.Close, r.Trailer, r.RemoteAddr, body, err, r.Body == http.NoBody))
		answer(w, how)
	}
}

// answer writes one of the answers that a handler may write.
func answer(w http.ResponseWriter, how string) {
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=utf-8")
	h["X-Two"] = []string{"a\r\nb", " c "}
	write := func(lengths ...int) {
		for _, n := range lengths {
			w.Write(bytes.Repeat([]byte("0123456789abcde "), n/16+1)[:n]) //nolint:errcheck // the test reads what was sent
		}
	}
	for _, word := range strings.Split(how, ",") {
		switch word {
		case "close":
			h.Set("Connection", "close")
		case "date":
			h.Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
		case "declared":
			h.Set("Content-Length", "5000")
			write(3000, 2000)
			return
		case "less":
			h.Set("Content-Length", "10")
			write(9)
			return
		case "more":
			h.Set("Content-Length", "10")
			write(5, 6)
			return
		case "no-content":
			w.WriteHeader(http.StatusNoContent)
			fmt.Fprint(w, "not sent")
			return
		case "unchanged":
			h.Set("ETag", `"a"`)
			h.Set("Content-Length", "10")
			w.WriteHeader(http.StatusNotModified)
			return
		case "teapot":
			w.WriteHeader(http.StatusTeapot)
			w.WriteHeader(http.StatusOK)
			h.Set("X-Late", "not sent")
		case "unknown":
			w.WriteHeader(799)
		case "nothing":
			return
		case "flush":
			http.NewResponseController(w).Flush() //nolint:errcheck // the test reads what was sent
		case "abort":
			write(20)
			panic(http.ErrAbortHandler)
		case "panic":
			panic("a test")
		case "short":
			write(100)
		case "long":
			write(3000, 10, 0, 70000)
		}
	}
	fmt.Fprint(w, "end")
}

// client reads the answers as a client does. Of what comes after an answer that is not whole it records all bytes.
func (s *seen) client(sent []byte) {
	in := bufio.NewReader(bytes.NewReader(sent))
	for {
		if _, err := in.Peek(1); err != nil {
			return
		}
		resp, err := http.ReadResponse(in, nil)
		if err != nil {
			s.answers = append(s.answers, "wrong answer: "+err.Error())
			return
		}
		body, err := io.ReadAll(resp.Body)
		var fields []string
		for _, name := range slices.Sorted(maps.Keys(resp.Header)) {
			if values := resp.Header[name]; name != "Date" {
				fields = append(fields, fmt.Sprintf("%s: %q", name, values))
			} else if len(values) != 1 || len(values[0]) != len(http.TimeFormat) {
				fields = append(fields, fmt.Sprintf("Date: %q", values))
			}
		}
		s.answers = append(s.answers, fmt.Sprintf("%s %s %d %v %v %v\n%s\n%d %q %v", resp.Proto, resp.Status, resp.ContentLength, resp.TransferEncoding, resp.Close,
			resp.Trailer, strings.Join(fields, "\n"), len(body), body[:min(len(body), 200)], err))
	}
}

var silent = log.New(io.Discard, "", 0)

// byNetHTTP has net/http alone serve a client.
func byNetHTTP(chunks [][]byte) *seen {
	s, c := new(seen), newScripted(chunks)
	server := &http.Server{Handler: s.handler(), ErrorLog: silent}
	over := make(chan struct{})
	go func() {
		defer close(over)
		server.Serve(listenOnce(c)) //nolint:errcheck // it was closed
	}()
	<-c.closed
	server.Close() //nolint:errcheck // the test is over
	<-over
	synctest.Wait()
	s.client(c.out.Bytes())
	return s
}

// byServer has a Server serve the client, and net/http the rest.
func byServer(chunks [][]byte) *seen {
	s, c := new(seen), newScripted(chunks)
	rest := &http.Server{Handler: s.handler(), ErrorLog: silent}
	plain := New(address)
	plain.Handler, plain.Path, plain.ErrorLog = s.handler(), "/graphql", silent
	over := make(chan struct{})
	go func() {
		defer close(over)
		rest.Serve(plain.Rest()) //nolint:errcheck // it was closed
	}()
	plain.begin(c)
	<-c.closed
	rest.Close() //nolint:errcheck // the test is over
	<-over
	synctest.Wait()
	s.client(c.out.Bytes())
	return s
}

// compare fails the test if the server and net/http differ. It returns how many requests there were, and how many of them were plain.
func compare(t *testing.T, fail func(string, ...any), chunks [][]byte) (requests, plain int) {
	t.Helper()
	synctest.Test(t, func(*testing.T) {
		want, got := byNetHTTP(chunks), byServer(chunks)
		if !slices.Equal(got.requests, want.requests) {
			fail("%q\nthe handler got\n%s\nand from net/http\n%s", chunks, strings.Join(got.requests, "\n"), strings.Join(want.requests, "\n"))
		}
		if !slices.Equal(got.answers, want.answers) {
			fail("%q\nthe client got\n%s\nand from net/http\n%s", chunks, strings.Join(got.answers, "\n"), strings.Join(want.answers, "\n"))
		}
		requests, plain = len(want.requests), got.plain
	})
	return requests, plain
}

// Handlers and clients see the same of each connection as with net/http alone.
func TestLikeNetHTTP(t *testing.T) {
	t.Parallel()
	requests, plain := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		all := stream(rt)
		var chunks [][]byte
		for len(all) > 0 {
			n := len(all)
			if rapid.IntRange(0, 2).Draw(rt, "split") == 0 {
				n = rapid.IntRange(1, len(all)).Draw(rt, "at")
			}
			chunks, all = append(chunks, all[:n]), all[n:]
		}
		r, p := compare(t, rt.Errorf, chunks)
		requests, plain = requests+r, plain+p
	})
	if plain < requests/5 {
		t.Errorf("only %d of %d requests were plain", plain, requests)
	}
	t.Logf("%d of %d requests were plain", plain, requests)
}

// stream returns what a client may send on one connection.
func stream(t *rapid.T) []byte {
	var all []byte
	for range rapid.IntRange(1, 4).Draw(t, "requests") {
		all = append(all, request(t)...)
	}
	for range rapid.SampledFrom([]int{0, 0, 0, 1, 2}).Draw(t, "mutations") {
		at := rapid.IntRange(0, len(all)-1).Draw(t, "at")
		with := rapid.SampledFrom([]string{"", " ", "\t", "\r", "\n", "\r\n", "\x00", "\x7f", "\x80", ":", "+", "0", ",", "#", "?", "%", "/", "é"}).Draw(t, "with")
		cut := rapid.IntRange(0, 2).Draw(t, "cut")
		all = append(append(append([]byte(nil), all[:at]...), with...), all[min(len(all), at+cut):]...)
	}
	return all
}

// request returns a request that is plain, or nearly.
func request(t *rapid.T) string {
	usual := func(name, value string, others ...string) string {
		return rapid.SampledFrom(append(slices.Repeat([]string{value}, 60), others...)).Draw(t, name)
	}
	method := rapid.SampledFrom([]string{"POST", "POST", "POST", "GET", "GET"}).Draw(t, "method")
	method = usual("other method", method, "HEAD", "PUT", "post", "OPTIONS", "", "P OST", "PRI")
	target := usual("target", "/graphql", "/graphql?query=%7Ba%7D&x=1", "/graphql?", "/graphql?a=%zz", "/graphql?a b", "/graphql#a", "/graphql?a#b", "//graphql",
		"/graphql/", "/graph%71l", "/other", "*", "http://a/graphql", "graphql", "/graphql?\x80", "")
	b := method + " " + target + " " + usual("proto", "HTTP/1.1", "HTTP/1.0", "HTTP/1.2", "http/1.1", "HTTP/2.0", "HTTP/1.1 ", "") +
		usual("line end", "\r\n", "\n", "\r\r\n", " \r\n") +
		usual("host", "Host: a.example:80\r\n", "", "Host: a\r\nHost: b\r\n", "Host:\r\n", "host: [::1]:80\r\n", "Host: a b\r\n", "Host: a/b\r\n", "Host: ä\r\n")
	body := strings.Repeat("x", rapid.SampledFrom([]int{0, 1, 5, 100, 7000, 9000}).Draw(t, "body"))
	if method == http.MethodGet {
		body = usual("body of GET", "", "x")
	}
	length := fmt.Sprint(len(body))
	if body != "" || method == http.MethodPost {
		b += usual("length", "Content-Length: "+length+"\r\n", "", "Content-Length: +"+length+"\r\n", "Content-Length: 0"+length+"\r\n", "content-length:"+length+" \r\n",
			"Content-Length: "+length+"\r\nContent-Length: "+length+"\r\n", "Content-Length: "+length+"\r\nContent-Length: 3\r\n", "Content-Length: "+length+", "+length+"\r\n",
			"Content-Length : "+length+"\r\n", " Content-Length: "+length+"\r\n", "Content-Length: -1\r\n", "Content-Length: 1"+length+"\r\n", "Content-Length:\r\n")
	}
	for range rapid.IntRange(0, 3).Draw(t, "fields") {
		b += rapid.SampledFrom([]string{
			"Content-Type: application/json\r\n", "accept: */*\r\n", "Accept:\ta , b\t \r\n", "Accept: c\r\n", "X-Empty:\r\n", "If-None-Match: \"a\"\r\n",
			"Authorization: Bearer a.b-c\r\n", "x_y: 1\r\n", "Cookie: a=b; c=d\r\n", "Connection: keep-alive\r\n", "connection: Keep-Alive\r\n",
		}).Draw(t, "field")
	}
	b += usual("odd field", "", "Connection: close\r\n", "Connection: keep-alive, close\r\n", "Transfer-Encoding: chunked\r\n", "Transfer-Encoding: identity\r\n",
		"Transfer-Encoding : chunked\r\n", "transfer-encoding: xchunked\r\n", "Expect: 100-continue\r\n", "Upgrade: websocket\r\nConnection: Upgrade\r\n",
		"Trailer: X\r\n", "Pragma: no-cache\r\n", "X: a\r\n b\r\n", "X: \x01\r\n", "X: ä\r\n", ": a\r\n", "X\r\n", "X Y: a\r\n", "X(: a\r\n", "X: a\n", "X: a\rb\r\n",
		strings.Repeat("X: a\r\n", 60), "X: "+strings.Repeat("a", 9000)+"\r\n")
	if how := rapid.SampledFrom([]string{"", "wait", "unread", "close", "date", "declared", "less", "more", "no-content", "unchanged", "teapot", "unknown", "nothing",
		"flush", "short,flush", "flush,short,flush,long", "abort", "flush,abort", "panic", "short", "long", "wait,long,flush", "unread,close"}).Draw(t, "answer"); how != "" {
		b += "X-Answer: " + how + "\r\n"
	}
	return b + usual("end", "\r\n", "\n", "", "\r\n\r\n", "\r\n\n\r\n\r\n") + body
}

// FuzzLikeNetHTTP does the same with any bytes.
func FuzzLikeNetHTTP(f *testing.F) {
	post := "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nX-Answer: long\r\n\r\n{}"
	get := "GET /graphql?query=%7Ba%7D HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n"
	for _, seed := range []string{post, get, post + "\r\n" + get, get + post, "POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"} {
		f.Add([]byte(seed), uint16(0))
		f.Add([]byte(seed), uint16(20))
	}
	f.Fuzz(func(t *testing.T, all []byte, at uint16) {
		n := min(int(at), len(all))
		compare(t, t.Errorf, [][]byte{all[:n], all[n:]})
	})
}
