// Package attack_test asks the program for what nobody should, and then whether it still answers everybody else.
package attack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/internal/sandbox"
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
	if out, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, "roster").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "the program does not build: %v\n%s", err, out)
		return 1
	}
	return m.Run()
}

// patience is how long anything may take. It only ends a test that would else never end.
const patience = time.Minute

// target is the program under attack.
type target struct {
	address string // host:port
	cmd     *exec.Cmd
	log     *output
	exited  chan struct{}
}

// output is what a process writes.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write adds to it.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

// String gives it so far.
func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// start starts the demo, and waits until it is ready.
func start(t *testing.T) *target {
	t.Helper()
	p, said := launch(t, "demo", "--listen", "127.0.0.1:0")
	p.await(t, said, "Roster is ready: ")
	return p
}

// startOn starts `serve` on systems, and waits until it is ready.
func startOn(t *testing.T, systems *sandbox.Sandbox) *target {
	t.Helper()
	path := filepath.Join(t.TempDir(), "roster.yaml")
	if err := systems.WriteConfig(path, "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p, said := launch(t, "serve", "--config", path)
	p.await(t, said, "Every collection has been read, or tried.")
	return p
}

// launch starts the program. It has to end well with the test.
func launch(t *testing.T, args ...string) (p *target, said *output) {
	t.Helper()
	p = &target{cmd: exec.CommandContext(context.Background(), binary, args...), log: &output{}, exited: make(chan struct{})}
	said = &output{}
	p.cmd.Stdout, p.cmd.Stderr = said, p.log
	p.cmd.Env = append(os.Environ(), "GOTRACEBACK=all", "GOMAXPROCS=2")
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		p.cmd.Wait() //nolint:errcheck // how it ends is seen by what it writes
		close(p.exited)
	}()
	t.Cleanup(func() {
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
func (p *target) await(t *testing.T, said *output, ready string) {
	t.Helper()
	if !until(func() bool { return strings.Contains(said.String(), ready) || p.over() }) || p.over() {
		t.Fatalf("the program does not start: %s", p.log.String())
	}
	_, rest, _ := strings.Cut(said.String(), "http://")
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
	r, err := http.NewRequestWithContext(ctx, method, "http://"+p.address+"/graphql"+query, body)
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

func (p *target) plainly(client *http.Client) error {
	a := p.send(client, http.MethodPost, "", strings.NewReader(plain))
	if a.status != http.StatusOK || !strings.Contains(a.body, `"totalCount":1072`) {
		return fmt.Errorf("a plain query gets HTTP %d %.200s", a.status, a.body)
	}
	return nil
}

// memory gives how much of it the program holds, in bytes.
func (p *target) memory() (int, error) { return p.status("VmRSS:") }

// peak gives the most memory that the program has held since forgetPeak, in bytes.
func (p *target) peak(t *testing.T) int {
	t.Helper()
	n, err := p.status("VmHWM:")
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// forgetPeak begins to measure anew.
func (p *target) forgetPeak(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// processorTime gives how long processors have worked for the program so far.
func (p *target) processorTime(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // behind its name
	fields := strings.Fields(rest)
	user, err := strconv.Atoi(fields[11])
	if err != nil {
		t.Fatal(err)
	}
	system, err := strconv.Atoi(fields[12])
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(user+system) * (time.Second / 100) // the unit is the same on all systems
}

// status gives a line of what the system says of the program, in bytes.
func (p *target) status(name string) (int, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		if rest, ok := strings.CutPrefix(line, name); ok {
			n, err := strconv.Atoi(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(rest), "kB")))
			return n << 10, err
		}
	}
	return 0, errors.New("the system does not say")
}

// descriptors counts what the program has open.
func (p *target) descriptors() int {
	all, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.cmd.Process.Pid))
	if err != nil {
		return -1
	}
	return len(all)
}

// goroutines ends the program, and counts what it was at.
func (p *target) goroutines() int {
	p.cmd.Process.Signal(syscall.SIGQUIT) //nolint:errcheck // then there is nothing to count
	until(p.over)
	return strings.Count(p.log.String(), "\ngoroutine ")
}
