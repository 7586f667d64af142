//go:build linux

// Package attack_test asks the program for what nobody should, and then whether it still answers everybody else.
package attack_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/internal/logtest"
)

// binary is the program.
var binary string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "roster-attack-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir) //nolint:errcheck // nothing depends on it
	binary = filepath.Join(dir, "roster")
	build := exec.CommandContext(context.Background(), "go", "build", "-trimpath", "-o", binary, "roster")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // as operators have it: what it uses is measured
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// patience is how long anything may take. It only ends a test that would else never end.
const patience = 3 * time.Minute

// target is the program under attack.
type target struct {
	address string // host:port
	config  string // the path of its configuration, of one that has one
	cmd     *exec.Cmd
	peaks   sync.Mutex
	most    int // the most memory that it has held before forgetPeak, in bytes
	last    int // the most since then, when it was last looked at
	log     *logtest.Buffer
	exited  chan struct{}
}

// start starts the demo, and waits until it is ready.
func start(t *testing.T) *target {
	t.Helper()
	p, said := launch(t, "demo", "--listen", "127.0.0.1:0")
	p.await(t, said, "Roster is ready: ")
	return p
}

// hardLimit is how much memory the program may hold at all, as a container counts it, and softLimit what its garbage collector is told, both in bytes. RLIMIT_DATA
// cannot be hardLimit, because the system counts in it what Go has given back and keeps mapped: a soak ended at 750 MiB of resident memory. MapLimit ends a
// program that grows without a bound before the machine does.
const (
	hardLimit = 1 << 30
	softLimit = 900 << 20
	mapLimit  = 3 << 29
)

// launch starts the program under these limits. It has to end well with the test.
func launch(t *testing.T, args ...string) (p *target, said *logtest.Buffer) {
	t.Helper()
	log := &logtest.Buffer{}
	p, said = launchWith(t, log, args...)
	p.log = log
	return p, said
}

// launchWith is launch with another place for the program's log.
func launchWith(t *testing.T, log io.Writer, args ...string) (p *target, said *logtest.Buffer) {
	t.Helper()
	// The system counts what of the program's memory can be written to, resident or not, and gives it no more than that: see RLIMIT_DATA in setrlimit(2).
	limited := append([]string{"-c", fmt.Sprintf(`ulimit -d %d && exec "$0" "$@"`, mapLimit>>10), binary}, args...)
	p = &target{cmd: exec.CommandContext(context.Background(), "sh", limited...), log: &logtest.Buffer{}, exited: make(chan struct{})}
	said = &logtest.Buffer{}
	p.cmd.Stdout, p.cmd.Stderr = said, log
	p.cmd.Env = append(os.Environ(), "GOTRACEBACK=all", "GOMAXPROCS=2", fmt.Sprintf("GOMEMLIMIT=%d", softLimit))
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() //nolint:errcheck // how it ends is seen by what it writes
		close(p.exited)
	}()
	t.Cleanup(func() {
		if held := max(p.peak(t), p.most); held > hardLimit {
			t.Errorf("the program held %d MiB", held>>20)
		}
		if !p.over() {
			p.cmd.Process.Signal(syscall.SIGTERM) //nolint:errcheck // it may just have ended
		}
		select {
		case <-p.exited:
		case <-time.After(patience):
			p.cmd.Process.Kill() //nolint:errcheck // as above
			t.Error("the program does not end")
		}
		log, _, _ := strings.Cut(p.log.String(), "SIGQUIT: quit") // by which it is asked for its goroutines: their places may have such names
		for _, trace := range []string{"panic", "fatal error", "DATA RACE"} {
			if strings.Contains(log, trace) && !t.Failed() {
				t.Errorf("the log holds %q:\n%.3000s", trace, log)
			}
		}
	})
	return p, said
}

// await waits until the program says that it is ready, and learns its address.
func (p *target) await(t *testing.T, said *logtest.Buffer, ready string) {
	t.Helper()
	if !until(func() bool { return strings.Contains(said.String(), ready) || p.over() }) || p.over() {
		t.Fatalf("the program does not start: %s", p.log.String())
	}
	_, rest, _ := strings.Cut(said.String(), "://")
	p.address, _, _ = strings.Cut(rest, "\n")
}

func (p *target) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// until waits for a condition, and is false where it does not come true in time.
func until(condition func() bool) bool {
	deadline := time.Now().Add(patience)
	for !condition() {
		if time.Now().After(deadline) {
			return false
		}
		time.Sleep(10 * time.Millisecond)
	}
	return true
}

// from gives a client that connects from an address of this machine, so that one who is refused for too much is not somebody else too.
func from(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Timeout: patience, Transport: &http.Transport{DialContext: dialer.DialContext, MaxIdleConnsPerHost: 16, DisableCompression: true}}
}

// answer is what came of a request: a status of 0 says that the connection was closed.
type answer struct {
	status int
	body   string
}

func (p *target) send(client *http.Client, method, query string, body io.Reader, header ...string) answer {
	return p.sendWithin(context.Background(), client, method, query, body, header...)
}

// sendWithin is send for a caller who may go.
func (p *target) sendWithin(ctx context.Context, client *http.Client, method, query string, body io.Reader, header ...string) answer {
	return sendTo(ctx, client, method, "http://"+p.address+"/graphql"+query, body, header...)
}

func sendTo(ctx context.Context, client *http.Client, method, url string, body io.Reader, header ...string) answer {
	r, err := http.NewRequestWithContext(ctx, method, url, body)
	if err != nil {
		return answer{body: err.Error()}
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := client.Do(r)
	if err != nil {
		return answer{body: err.Error()}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{body: err.Error()}
	}
	return answer{resp.StatusCode, string(text)}
}

// plain is a query that everybody may send.
const plain = `{"query":"{ users(first: 3) { totalCount nodes { name } } }"}`

// plainly is that operation by itself.
const plainly = `{ users(first: 3) { totalCount nodes { name } } }`

func (p *target) plainly(client *http.Client) error {
	a := p.send(client, http.MethodPost, "", strings.NewReader(plain))
	if a.status != http.StatusOK || !strings.Contains(a.body, `"totalCount":1072`) {
		return fmt.Errorf("a plain query gets HTTP %d %.200s", a.status, a.body)
	}
	return nil
}
