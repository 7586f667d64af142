package httpapi

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// However many connections are refused, and whatever their clients do, few are held, and none for long.
func TestRefusedConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log strings.Builder
		server := Server{Limits: DefaultLimits(), Logger: slog.New(slog.NewTextHandler(&log, nil))}
		r := server.newRefuser(&net.TCPAddr{})
		defer r.close()
		refuse := func() net.Conn {
			client, conn := net.Pipe()
			r.refuse(conn, allConnections)
			return client
		}
		ended := func(c net.Conn) bool {
			c.SetReadDeadline(time.Now().Add(time.Nanosecond)) //nolint:errcheck // a pipe has deadlines
			_, err := c.Read(make([]byte, 1))
			return err == io.EOF //nolint:errorlint // a pipe returns it
		}
		silent := make([]net.Conn, maxRefused)
		for i := range silent {
			silent[i] = refuse()
		}
		silent[1].Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n")) //nolint:errcheck // the rest of its body never comes
		synctest.Wait()
		for range 3 {
			if !ended(refuse()) {
				t.Fatal("one too many is not closed at once")
			}
		}
		if ended(silent[0]) {
			t.Error("a client has no time to ask")
		}
		time.Sleep(refusalTime)
		synctest.Wait()
		for i, c := range silent {
			if !ended(c) {
				t.Fatalf("connection %d is still open", i)
			}
		}
		again := refuse()
		go again.Write([]byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")) //nolint:errcheck // reading says what is wrong
		if status := make([]byte, 12); true {
			if _, err := io.ReadFull(again, status); err != nil || string(status) != "HTTP/1.1 503" {
				t.Errorf("when there is room again, the answer is %q %v", status, err)
			}
		}
		again.Close() //nolint:errcheck // the test is over
		if n := strings.Count(log.String(), "level=WARN"); n != 1 {
			t.Errorf("the log tells it %d times", n)
		}
		time.Sleep(logInterval)
		refuse().Close() //nolint:errcheck // it is refused anyway
		if !strings.Contains(log.String(), "maximum=2000 refused=1028") {
			t.Errorf("after a minute the log has:\n%s", &log)
		}
	})
}
