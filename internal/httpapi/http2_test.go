package httpapi_test

import (
	"bytes"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"

	"roster/internal/httpapi"
)

// withTLSAndWithout runs a test of HTTP/2 in a synctest bubble, over both kinds of connections.
func withTLSAndWithout(t *testing.T, test func(t *testing.T, secure bool)) {
	t.Helper()
	for name, secure := range map[string]bool{"with TLS": true, "without TLS": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, secure) })
		})
	}
}

// frames is an HTTP/2 client that sends and reads single frames.
type frames struct {
	t      *testing.T
	below  net.Conn // what is below TLS
	framer *http2.Framer
	writes chan func() // for the one goroutine that writes: the server may be writing at the same time, and a pipe has no room
}

// serveFrames serves a handler in a synctest bubble, with TLS or without, to a client that sends single frames.
func serveFrames(t *testing.T, secure bool, server httpapi.Server) (*served, *frames) {
	t.Helper()
	var trusted *tls.Config
	if secure {
		server.TLS, trusted = httpapi.Certificates(t)
	}
	s := serveServer(t, server, &http.Transport{})
	below, err := s.dial(t.Context(), "", "")
	if err != nil {
		t.Fatal(err)
	}
	conn := below
	if secure {
		trusted.NextProtos, trusted.ServerName = []string{"h2"}, "127.0.0.1"
		handshaken := tls.Client(below, trusted)
		if err := handshaken.HandshakeContext(t.Context()); err != nil {
			t.Fatal(err)
		}
		conn = handshaken
	}
	f := &frames{t, below, http2.NewFramer(conn, conn), make(chan func(), 200)}
	go func() {
		for write := range f.writes {
			write()
		}
	}()
	f.writes <- func() {
		io.WriteString(conn, http2.ClientPreface) //nolint:errcheck // reading says what is wrong
		f.framer.WriteSettings()                  //nolint:errcheck // as above
	}
	return s, f
}

// end closes the connection, and waits until the server has stopped.
func (f *frames) end(s *served) {
	f.t.Helper()
	close(f.writes)
	f.below.Close() //nolint:errcheck // nothing more is read
	s.end(f.t)
}

// get sends a request without a body.
func (f *frames) get(stream uint32) {
	var block bytes.Buffer
	fields := hpack.NewEncoder(&block)
	for name, value := range map[string]string{":method": "GET", ":scheme": "https", ":path": "/", ":authority": "127.0.0.1"} {
		fields.WriteField(hpack.HeaderField{Name: name, Value: value}) //nolint:errcheck // a buffer takes everything
	}
	f.writes <- func() {
		f.framer.WriteHeaders(http2.HeadersFrameParam{StreamID: stream, BlockFragment: block.Bytes(), EndHeaders: true, EndStream: true}) //nolint:errcheck // reading says what is wrong
	}
}

// until reads frames until one matches. It returns nil if the connection ends first.
func (f *frames) until(found func(http2.Frame) bool) http2.Frame {
	f.t.Helper()
	for {
		frame, err := f.framer.ReadFrame()
		switch {
		case errors.Is(err, io.EOF) || errors.Is(err, io.ErrClosedPipe):
			return nil
		case err != nil:
			f.t.Fatal(err)
		case found(frame):
			return frame
		}
	}
}

func isGoAway(frame http2.Frame) bool {
	_, ok := frame.(*http2.GoAwayFrame)
	return ok
}

// An HTTP/2 client gets the limits of its connection, and a request beyond them is refused.
func TestHTTP2Numbers(t *testing.T) {
	t.Parallel()
	withTLSAndWithout(t, func(t *testing.T, secure bool) {
		goOn := make(chan struct{})
		s, f := serveFrames(t, secure, httpapi.Server{Limits: httpapi.DefaultLimits(), Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-goOn })})
		announced := map[http2.SettingID]uint32{}
		f.until(func(frame http2.Frame) bool {
			settings, ok := frame.(*http2.SettingsFrame)
			if ok && !settings.IsAck() {
				settings.ForeachSetting(func(s http2.Setting) error { //nolint:errcheck // nothing fails
					announced[s.ID] = s.Val
					return nil
				})
			}
			return len(announced) > 0
		})
		window := uint32(65_535) // with which RFC 9113 has a connection begin
		f.until(func(frame http2.Frame) bool {
			update, ok := frame.(*http2.WindowUpdateFrame)
			if ok && update.StreamID == 0 {
				window += update.Increment
			}
			return ok
		})
		if announced[http2.SettingMaxConcurrentStreams] != 100 || announced[http2.SettingInitialWindowSize] != 128<<10 || window != 512<<10 {
			t.Errorf("%v, %d bytes on the connection; want 100 streams of 128 KiB, 512 KiB together", announced, window)
		}
		for i := range uint32(101) {
			f.get(2*i + 1)
		}
		refused := f.until(func(frame http2.Frame) bool { return frame.Header().Type == http2.FrameRSTStream })
		if got, ok := refused.(*http2.RSTStreamFrame); !ok || got.StreamID != 201 || got.ErrCode != http2.ErrCodeRefusedStream {
			t.Errorf("of 101 requests at once, refused is %v; want the last one", refused)
		}
		close(goOn)
		f.end(s)
	})
}

// Without a minimum rate, the HTTP/2 connection of a client that reads nothing is still closed after the time for an answer.
func TestHTTP2ClientThatTakesNothing(t *testing.T) {
	t.Parallel()
	withTLSAndWithout(t, func(t *testing.T, secure bool) {
		limits := httpapi.DefaultLimits()
		limits.MinRate = 0
		s, f := serveFrames(t, secure, httpapi.Server{Limits: limits, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Write(make([]byte, 32<<10)) //nolint:errcheck // the client takes nothing
		})})
		f.until(func(frame http2.Frame) bool {
			settings, ok := frame.(*http2.SettingsFrame)
			return ok && settings.IsAck()
		})
		f.get(1)
		time.Sleep(2*limits.AnswerTime + 10*time.Second) // the time begins again with each byte that was written; TLS has five seconds to say that it closes
		rest := make(chan error, 1)
		go func() {
			_, err := f.below.Read(make([]byte, 1))
			rest <- err
		}()
		if err := <-rest; !errors.Is(err, io.EOF) {
			t.Errorf("the connection is still open: %v", err)
		}
		f.end(s)
	})
}

// A server that stops says so on HTTP/2 connections, with the next answer or when it closes, so that clients send later requests elsewhere.
func TestHTTP2GoAway(t *testing.T) {
	t.Parallel()
	for name, delay := range map[string]time.Duration{"with a delay": 5 * time.Second, "without": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			withTLSAndWithout(t, func(t *testing.T, secure bool) {
				goOn := make(chan struct{})
				s, f := serveFrames(t, secure, httpapi.Server{Limits: httpapi.DefaultLimits(), DrainDelay: delay, Handler: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					<-goOn
					fmt.Fprint(w, "an answer")
				})})
				f.until(func(frame http2.Frame) bool {
					settings, ok := frame.(*http2.SettingsFrame)
					return ok && settings.IsAck()
				})
				f.get(1)
				synctest.Wait()
				stopped := time.Now()
				s.stop()
				synctest.Wait()
				close(goOn)
				var text string
				away := f.until(func(frame http2.Frame) bool {
					if data, ok := frame.(*http2.DataFrame); ok {
						text += string(data.Data())
					}
					return isGoAway(frame)
				})
				if away == nil {
					t.Fatal("the connection ends without GOAWAY")
				}
				if d := time.Since(stopped); delay > 0 && d >= delay {
					t.Errorf("GOAWAY comes %s after the signal, and not with the answer", d)
				}
				f.until(func(frame http2.Frame) bool {
					if data, ok := frame.(*http2.DataFrame); ok {
						text += string(data.Data())
					}
					return false
				})
				if text != "an answer" {
					t.Errorf("the request that was under way gets %q", text)
				}
				f.end(s)
			})
		})
	}
}
