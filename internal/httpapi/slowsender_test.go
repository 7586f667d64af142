package httpapi_test

import (
	"bytes"
	"compress/gzip"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/coder/websocket"

	"roster/internal/httpapi"
)

// drip is a body that arrives at that many bytes per second, after some bytes at once. At 0, nothing more arrives.
type drip struct {
	text        []byte
	rate, first int
	closed      chan struct{}
	once        sync.Once
}

func newDrip(text []byte, rate, first int) *drip {
	return &drip{text: text, rate: rate, first: first, closed: make(chan struct{})}
}

func (d *drip) Read(p []byte) (int, error) {
	if len(d.text) == 0 {
		return 0, io.EOF
	}
	part := d.text[:min(len(d.text), len(p), 1<<10)]
	if d.first -= len(part); d.first < 0 {
		wait := make(<-chan time.Time)
		if d.rate > 0 {
			wait = time.After(time.Duration(len(part)) * time.Second / time.Duration(d.rate))
		}
		select {
		case <-wait:
		case <-d.closed:
			return 0, io.ErrClosedPipe
		}
	}
	d.text = d.text[len(part):]
	return copy(p, part), nil
}

func (d *drip) Close() error {
	d.once.Do(func() { close(d.closed) })
	return nil
}

// padded is a request of about that many bytes, which compression does not shorten much.
func padded(t *testing.T, n int) []byte {
	t.Helper()
	noise := make([]byte, n/2)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	return []byte(`{"query":"{ hello } #` + hex.EncodeToString(noise) + `"}`)
}

func gzipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A short body of known length that stops is refused too, without waiting for its rest.
func TestASlowSenderOfAShortBody(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, gone := serveRated(t, api{}, false, false, httpapi.DefaultLimits())
		defer s.end(t)
		slowly := newDrip([]byte(hello), 0, 0)
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/graphql", slowly)
		if err != nil {
			t.Fatal(err)
		}
		r.ContentLength = int64(len(hello))
		r.Header.Set("Content-Type", "application/json")
		began := time.Now()
		resp, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		slowly.Close() //nolint:errcheck // it has no error
		resp.Body.Close()
		if took := time.Since(began); resp.StatusCode != 408 || !resp.Close || took > 6*time.Second || gone.senders.Load() != 1 {
			t.Errorf("HTTP %d after %s, %d dropped", resp.StatusCode, took, gone.senders.Load())
		}
	})
}

// A body at the minimum rate is read whole. One that is slower, or stops, is refused before its whole time is over.
func TestSlowSenders(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		size, rate, first int
		served            bool
		within            time.Duration // of refusing it
	}{
		"a little above the rate":          {60 << 10, 5 << 10, 0, true, 0},
		"a little above, after a fast 1st": {120 << 10, 5 << 10, 70 << 10, true, 0},
		"below the rate":                   {60 << 10, 2 << 10, 0, false, 11 * time.Second},
		"far below the rate":               {60 << 10, 100, 0, false, 6 * time.Second},
		"nothing":                          {60 << 10, 0, 0, false, 6 * time.Second},
		"stops at 70 kB":                   {100 << 10, 0, 70 << 10, false, 6 * time.Second},
		"drips after 70 kB":                {100 << 10, 512, 70 << 10, false, 6 * time.Second},
	} {
		for way, how := range ways {
			for _, coding := range []string{"identity", "gzip"} {
				t.Run(name+", "+way+", "+coding, func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						s, gone := serveRated(t, api{}, how.secure, how.http2, httpapi.DefaultLimits())
						defer s.end(t)
						body := padded(t, tc.size)
						if coding == "gzip" {
							body = gzipped(t, padded(t, 2*tc.size)) // hexadecimal digits have four bits each
						}
						began := time.Now()
						slowly := newDrip(body, tc.rate, tc.first)
						resp, err := s.ask(t.Context(), t, how.secure, slowly, "Content-Encoding", coding)
						if err != nil {
							t.Fatal(err)
						}
						slowly.Close() //nolint:errcheck // it has no error
						took := time.Since(began)
						text, err := io.ReadAll(resp.Body)
						resp.Body.Close()
						if err != nil {
							t.Error(err)
						}
						if tc.served {
							if string(text) != `{"data":{"hello":"world"}}` || gone.senders.Load() != 0 {
								t.Errorf("HTTP %d %s", resp.StatusCode, text)
							}
						} else {
							errs := refusalsOf(t, text)
							if resp.StatusCode != 408 || len(errs) != 1 || errs[0].Extensions.Limit != "min_rate" || errs[0].Extensions.Maximum != 4<<10 {
								t.Errorf("HTTP %d %s", resp.StatusCode, text)
							}
							if took > tc.within || gone.senders.Load() != 1 {
								t.Errorf("it took %s until %d are dropped", took, gone.senders.Load())
							}
							if !how.http2 && !resp.Close {
								t.Error("the connection stays open, on which the rest of a body may come")
							}
						}
						resp, err = s.ask(t.Context(), t, how.secure, strings.NewReader(hello))
						if err != nil {
							t.Fatal(err)
						}
						resp.Body.Close()
						if n := s.dialled(); resp.StatusCode != 200 || (tc.served || how.http2) && n != 1 {
							t.Errorf("another request: HTTP %d, on the %d. connection", resp.StatusCode, n)
						}
					})
				})
			}
		}
	}
}

// The time for the whole body applies beside the rate.
func TestSlowSenderHasBodyTime(t *testing.T) {
	t.Parallel()
	for way, how := range ways {
		for name, rate := range map[string]int{"with a rate": 4 << 10, "without": 0} {
			t.Run(way+", "+name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					limits := httpapi.DefaultLimits()
					limits.MinRate = rate
					s, gone := serveRated(t, api{}, how.secure, how.http2, limits)
					defer s.end(t)
					began := time.Now()
					slowly := newDrip(padded(t, 200<<10), 7000, 0) // of which nothing comes at the moment when the time is over
					resp, err := s.ask(t.Context(), t, how.secure, slowly)
					if err != nil {
						t.Fatal(err)
					}
					slowly.Close() //nolint:errcheck // it has no error
					defer resp.Body.Close()
					text, err := io.ReadAll(resp.Body)
					if errs := refusalsOf(t, text); err != nil || resp.StatusCode != 408 || errs[0].Extensions.Limit != "body_time" || gone.senders.Load() != 0 {
						t.Errorf("HTTP %d %s %v", resp.StatusCode, text, err)
					}
					if took := time.Since(began).Round(time.Second); took != limits.BodyTime {
						t.Errorf("it took %s", took)
					}
				})
			})
		}
	}
}

// Messages of a WebSocket must arrive at the rate too. The time between messages does not count.
func TestSlowSenderOfSocket(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		size, rate, first int
		served            bool
		within            time.Duration
	}{
		"a little above the rate": {60 << 10, 5 << 10, 0, true, 0},
		"below the rate":          {60 << 10, 2 << 10, 0, false, 11 * time.Second},
		"stops at 70 kB":          {100 << 10, 1, 70 << 10, false, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s, gone := serveRated(t, api{}, false, false, httpapi.DefaultLimits())
				defer s.end(t)
				c := s.begun(t)
				defer c.conn.CloseNow() //nolint:errcheck // the test is over
				type answer struct {
					text string
					err  error
				}
				answers := make(chan answer, 1)
				go func() {
					_, text, err := c.conn.Read(t.Context())
					answers <- answer{string(text), err}
				}()
				time.Sleep(10 * time.Minute)
				began := time.Now()
				w, err := c.conn.Writer(t.Context(), websocket.MessageText)
				if err != nil {
					t.Fatal(err)
				}
				slowly := newDrip([]byte(`{"id":"1","type":"subscribe","payload":`+string(padded(t, tc.size))+`}`), tc.rate, tc.first)
				sent := make(chan struct{})
				go func() {
					defer close(sent)
					if _, err := io.Copy(w, slowly); err == nil {
						w.Close()
					}
				}()
				got := <-answers
				slowly.Close() //nolint:errcheck // it has no error
				<-sent
				if tc.served {
					if got.text != wsWorld || gone.senders.Load() != 0 {
						t.Errorf("%s %v", got.text, got.err)
					}
					c.expect(wsDone)
					c.bye()
					return
				}
				e, ok := errors.AsType[websocket.CloseError](got.err)
				if !ok || e.Code != websocket.StatusPolicyViolation || e.Reason != "The message comes too slowly" || gone.senders.Load() != 1 {
					t.Errorf("closed with %v, want 1008", got.err)
				}
				if took := time.Since(began); took > tc.within {
					t.Errorf("it took %s", took)
				}
			})
		})
	}
}
