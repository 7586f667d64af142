//go:build linux

package attack_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// addresses gives loopback addresses that nobody has had. Each is a caller to the program, as each /64 of IPv6 is.
var addresses atomic.Int64

func newAddress() string {
	n := addresses.Add(1)
	return fmt.Sprintf("127.1.%d.%d", n/250, n%250+1)
}

// fromMany has each foe hold what they can from some addresses.
func fromMany(n int, hold holder) holder {
	return func(t *testing.T, p *target, _ foe, header ...string) func() {
		t.Helper()
		var all []func()
		for range n {
			address := newAddress()
			by := foe{from(address), address}
			all = append(all, by.CloseIdleConnections, hold(t, p, by, header...))
		}
		return func() {
			for _, closed := range all {
				closed()
			}
		}
	}
}

// manyLines are callers who are many, or say so.
func manyLines() []line {
	return []line{{"many callers", bounds{6 * time.Second, 500, 10}, []specimen{
		{"300 keys that nobody has given out", client(unknownKeys(300)), 401, "UNAUTHENTICATED"},
		{"300 tokens that nobody has signed", client(unknownTokens(300)), 401, "UNAUTHENTICATED"},
		{"100 addresses", client(askedFrom(100)), 200, `"totalCount"`},
	}}}
}

func unknownKeys(n int) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) (got answer) {
		for i := range n {
			got = p.send(c, http.MethodPost, "", strings.NewReader(document(plainly)), "Authorization", fmt.Sprintf("Bearer roster_%043d", 1_000_000+i))
		}
		return got
	}
}

func unknownTokens(n int) func(*target, *http.Client) answer {
	return func(p *target, c *http.Client) (got answer) {
		for i := range n {
			token := strings.Repeat("eyJhbGciOiJub25lIn0", 100) + fmt.Sprint(".", i, ".")
			got = p.send(c, http.MethodPost, "", strings.NewReader(document(plainly)), "Authorization", "Bearer "+token)
		}
		return got
	}
}

// askedFrom has that many addresses ask at once.
func askedFrom(n int) func(*target, *http.Client) answer {
	return func(p *target, _ *http.Client) (got answer) {
		var at sync.WaitGroup
		answers := make(chan answer, n)
		for range n {
			at.Go(func() {
				c := from(newAddress())
				defer c.CloseIdleConnections()
				answers <- p.send(c, http.MethodPost, "", strings.NewReader(document(plainly)))
			})
		}
		at.Wait()
		return <-answers
	}
}
