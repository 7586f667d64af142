package snapshots_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"roster/connectors"
	"roster/internal/redis"
	"roster/internal/redis/redistest"
	"roster/internal/redis/snapshots"
	"roster/internal/snapshot"
	"roster/internal/snapshot/snapshottest"
)

// replicaEnv makes the test's program a replica: it holds the addresses of Redis and of the source, separated by a space.
const replicaEnv = "ROSTER_TEST_REPLICA"

// runReplica is the other process's main function: it loads with many operations at once and says what it got, and then again for each line
// that it is sent.
func runReplica() int {
	redisURL, sourceURL, _ := strings.Cut(os.Getenv(replicaEnv), " ")
	r, err := redis.Open(redis.Options{URL: redisURL, LeaseFor: time.Second})
	if err != nil {
		return 1
	}
	ctx, cancel := context.WithCancel(context.Background())
	src := &connectors.Source{Name: "a", Fingerprint: "f", Accounts: connectors.ListFunc[connectors.Account](
		func(ctx context.Context, _ connectors.Progress[connectors.Account]) (l connectors.Listing[connectors.Account], err error) {
			ids, err := ask(ctx, sourceURL+"/accounts")
			for _, id := range ids {
				l.Records = append(l.Records, connectors.Account{ID: id})
			}
			l.Complete = err == nil
			return l, err
		}),
		Roles: connectors.ListFunc[connectors.Role](
			func(ctx context.Context, _ connectors.Progress[connectors.Role]) (l connectors.Listing[connectors.Role], err error) {
				ids, err := ask(ctx, sourceURL+"/roles")
				for _, id := range ids {
					l.Records = append(l.Records, connectors.Role{ID: id})
				}
				l.Complete = err == nil
				return l, err
			})}
	k := snapshot.New(snapshot.Options{Sources: []*connectors.Source{src}, SharedStore: snapshots.New(r), FirstWait: 20 * time.Second, MaxWait: 20 * time.Second,
		Settings: map[snapshot.Key]snapshot.Settings{
			snapshottest.Key("a", connectors.Accounts): {FreshFor: time.Hour, MinInterval: 100 * time.Millisecond},
			snapshottest.Key("a", connectors.Roles):    {FreshFor: time.Hour, MinInterval: 100 * time.Millisecond}}})
	var running sync.WaitGroup
	running.Go(func() { _ = r.Run(ctx) })
	running.Go(func() { _ = k.Run(ctx) })
	for lines := bufio.NewScanner(os.Stdin); ; {
		var asking sync.WaitGroup
		for range 170 {
			asking.Go(func() {
				k.Load(ctx, []snapshot.Key{snapshottest.Key("a", connectors.Accounts), snapshottest.Key("a", connectors.Roles)})
			})
		}
		asking.Wait()
		fmt.Fprintln(os.Stdout, snapshottest.Brief(k, "a"), k.Statuses()[1].Count)
		if !lines.Scan() {
			break
		}
	}
	cancel()
	running.Wait()
	_ = r.Close()
	return 0
}

func ask(ctx context.Context, url string) ([]string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := http.DefaultTransport.RoundTrip(req) // this process has no httptest.Server, which would close its idle connections
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close()
	var ids []string
	err = json.NewDecoder(resp.Body).Decode(&ids)
	return ids, err
}

// process is a replica of its own.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Scanner
}

func start(t *testing.T, redisURL, sourceURL string) *process {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0])
	redistest.InOwnGroup(cmd)
	cmd.Env = append(os.Environ(), replicaEnv+"="+redisURL+" "+sourceURL)
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	p := &process{t, cmd, in, bufio.NewScanner(out)}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	return p
}

// says gives the next line that the process writes.
func (p *process) says() string {
	p.t.Helper()
	if !p.out.Scan() {
		p.t.Fatal("the process has ended")
	}
	return p.out.Text()
}

// again has the process load once more.
func (p *process) again() string {
	p.t.Helper()
	if _, err := io.WriteString(p.in, "\n"); err != nil {
		p.t.Fatal(err)
	}
	return p.says()
}

func (p *process) signal(s syscall.Signal) {
	p.t.Helper()
	if err := p.cmd.Process.Signal(s); err != nil {
		p.t.Fatal(err)
	}
}

// httpSource counts how often each collection is read, by path; answer may hold a reading up.
type httpSource struct {
	mu     sync.Mutex
	reads  map[string]int
	answer func(path string, n int) []string
}

func (h *httpSource) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h.mu.Lock()
	h.reads[r.URL.Path]++
	n := h.reads[r.URL.Path]
	h.mu.Unlock()
	_ = json.NewEncoder(w).Encode(h.answer(r.URL.Path, n))
}

func serveSource(t *testing.T, answer func(path string, n int) []string) (*httpSource, string) {
	t.Helper()
	h := &httpSource{reads: make(map[string]int), answer: answer}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return h, s.URL
}

func TestColdProcessesReadEachCollectionOnce(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	src, url := serveSource(t, func(string, int) []string { return []string{"1", "2", "3"} })
	var ps []*process
	for range 3 {
		ps = append(ps, start(t, "redis://"+s.Addr, url))
	}
	for i, p := range ps {
		if got := p.says(); got != "fresh[1 2 3] 3" {
			t.Errorf("process %d: %s", i, got)
		}
	}
	src.mu.Lock()
	defer src.mu.Unlock()
	if src.reads["/accounts"] != 1 || src.reads["/roles"] != 1 {
		t.Errorf("read %v, want each once", src.reads)
	}
}
