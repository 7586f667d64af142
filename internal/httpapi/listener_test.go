package httpapi

import (
	"errors"
	"io"
	"net"
	"testing"
)

// An excess connection is closed at once. The others stay, and a closed one makes room for another.
func TestLimitedListener(t *testing.T) {
	t.Parallel()
	for name, limits := range map[string]Limits{
		"in all":           {Connections: 2, AddressConnections: 10},
		"from one address": {Connections: 10, AddressConnections: 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inner, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			l := limitListener(inner, limits, nil, nil, closed)
			accepted := make(chan net.Conn)
			go func() {
				defer close(accepted)
				for {
					c, err := l.Accept()
					if err != nil {
						return
					}
					accepted <- c
				}
			}()
			dial := func() net.Conn {
				c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", l.Addr().String())
				if err != nil {
					t.Fatal(err)
				}
				return c
			}
			var ours, theirs []net.Conn
			for range 2 {
				ours, theirs = append(ours, dial()), append(theirs, <-accepted)
			}
			over := dial()
			if _, err := over.Read(make([]byte, 1)); !errors.Is(err, io.EOF) && err == nil {
				t.Errorf("one too many reads %v, want that it is closed", err)
			}
			theirs[0].Close() //nolint:errcheck // it is to be closed
			theirs[0].Close() //nolint:errcheck // twice, which counts once
			ours = append(ours, dial())
			theirs = append(theirs, <-accepted)
			again := dial()
			if _, err := again.Read(make([]byte, 1)); err == nil {
				t.Error("a connection that was closed twice made room for two")
			}
			for _, c := range append(append(ours, theirs...), over, again) {
				c.Close() //nolint:errcheck // the test is over
			}
			l.Close() //nolint:errcheck // as above
			for range accepted {
			}
		})
	}
}

// closed is a refuser that closes every connection.
func closed(c net.Conn, _ connLimit) { c.Close() } //nolint:errcheck // it is to be closed
