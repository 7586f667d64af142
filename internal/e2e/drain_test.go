package e2e_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"roster/connectors"
	"roster/connectors/faults"
)

// A query that is being answered when the program is told to stop gets its answer, though its data is still being read; nobody else is let in,
// and the program ends as soon as all is done.
func TestDrain(t *testing.T) {
	t.Parallel()
	slow := system(t, connectors.Kommo, 25)
	slow.Fault(connectors.Kommo).Set(faults.Fault{Effect: faults.Slow(1, patience)})
	source := sourceSettings(slow.Sources()[0])
	source["timeout"] = "1m"
	settings := settingsOf(source)
	settings["first_wait"], settings["max_wait"] = "1m", "1m"
	p := serve(t, settings)

	flying, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hostOf(p))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = flying.Close() })
	const query = `{"query":"{ users(first: 500) { totalCount completeness { complete } } }"}`
	fmt.Fprintf(flying, "POST /graphql HTTP/1.1\r\nHost: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n",
		hostOf(p), len(query))
	fromFlying := bufio.NewReader(flying)
	// The server asks for the body when it is at work on the query.
	if line, err := fromFlying.ReadString('\n'); err != nil || !strings.Contains(line, "100 Continue") {
		t.Fatalf("the server says %q, %v", line, err)
	}
	if _, err := fromFlying.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(flying, query); err != nil {
		t.Fatal(err)
	}

	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	eventually(t, "nobody is let in any more", func() bool {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", hostOf(p))
		if err == nil {
			_ = c.Close()
		}
		return err != nil
	})
	if p.over() {
		t.Fatalf("the program ended before the answer was out; its log:\n%s", p.log.String())
	}

	slow.Fault(connectors.Kommo).Clear() // and so quick
	var data struct {
		Users struct {
			TotalCount   int
			Completeness struct{ Complete bool }
		}
	}
	readAnswer(t, readResponse(t, fromFlying)).into(t, &data)
	if data.Users.TotalCount == 0 || !data.Users.Completeness.Complete {
		t.Errorf("the answer has %+v, want all people", data.Users)
	}
	if err := p.awaitEnd(); err != nil {
		t.Error(err)
	}
}

func hostOf(p *program) string { return strings.TrimPrefix(p.url, "http://") }

func readResponse(t *testing.T, r *bufio.Reader) *http.Response {
	t.Helper()
	resp, err := http.ReadResponse(r, nil)
	if err != nil {
		t.Fatal(err)
	}
	return resp
}
