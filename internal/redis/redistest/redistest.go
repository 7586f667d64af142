// Package redistest starts real Redis servers on free ports for tests: a single server, a Cluster, and a server with Sentinels. The package does not
// know what they store.
package redistest

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// timeout is when a test gives up waiting for a server's reaction. Replicas that share something agree only when each of them has had the processor often enough,
// which takes minutes on a machine with much else to do.
const timeout = 3 * time.Minute

// Server is one server process.
type Server struct {
	Addr string

	tb     testing.TB
	binary string
	args   []string
	dir    string
	auth   string
	mu     sync.Mutex
	cmd    *exec.Cmd
	exited chan struct{}
}

// Start starts a server that stores nothing on disk, with these additional arguments, and waits until it answers.
func Start(tb testing.TB, args ...string) *Server {
	tb.Helper()
	// Another process may take a free port before the server does. Then the server ends, and Start tries another port.
	for range 5 {
		s := launch(tb, "redis-server", args...)
		up := false
		Await(tb, func() bool {
			info, err := s.Do("INFO", "server")
			up = err == nil && strings.Contains(info, s.processLine()) || err != nil && strings.HasPrefix(err.Error(), "redis: ")
			return up || s.hasExited()
		}, "%s answers", s.Addr)
		if up {
			return s
		}
	}
	tb.Fatal("no redis-server would start")
	return nil
}

// FreePort is a placeholder in a server's arguments for a free port.
const FreePort = "free-port"

// processLine is the line of INFO that only this server has, and no other one on the same port.
func (s *Server) processLine() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return "process_id:" + strconv.Itoa(s.cmd.Process.Pid) + "\r\n"
}

func (s *Server) hasExited() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.exited:
		return true
	default:
		return false
	}
}

func launch(tb testing.TB, binary string, args ...string) *Server {
	tb.Helper()
	path, err := exec.LookPath(binary)
	if err != nil {
		if os.Getenv("CI") == "" {
			tb.Skip(binary + " is not installed")
		}
		tb.Fatal(err)
	}
	port := freePort(tb)
	args = slices.Clone(args)
	for i, a := range args {
		if a == FreePort {
			args[i] = freePort(tb)
		}
	}
	s := &Server{Addr: "127.0.0.1:" + port, tb: tb, binary: path, dir: tb.TempDir()}
	s.args = append([]string{"--port", port, "--bind", "127.0.0.1", "--dir", s.dir, "--save", "", "--appendonly", "no",
		"--logfile", filepath.Join(s.dir, "log"), "--repl-diskless-sync-delay", "0"}, args...)
	if i := slices.Index(args, "--requirepass"); i >= 0 {
		s.auth = args[i+1]
	}
	if strings.HasSuffix(binary, "sentinel") {
		file := filepath.Join(s.dir, "sentinel.conf")
		conf := "port " + port + "\nbind 127.0.0.1\ndir " + s.dir + "\nlogfile " + filepath.Join(s.dir, "log") + "\n" + strings.Join(args, "\n") + "\n"
		if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
			tb.Fatal(err)
		}
		s.args = []string{file}
	}
	s.spawn()
	tb.Cleanup(s.Kill)
	return s
}

// freePort returns a TCP port that is free, and that no other test gets until this one ends. Both see that by the UDP port with the same number.
func freePort(tb testing.TB) string {
	tb.Helper()
	for range 20 {
		l, err := (&net.ListenConfig{}).Listen(tb.Context(), "tcp", "127.0.0.1:0")
		if err != nil {
			tb.Fatal(err)
		}
		defer l.Close() //nolint:errcheck // no longer needed
		reserved, err := (&net.ListenConfig{}).ListenPacket(tb.Context(), "udp", l.Addr().String())
		if err != nil {
			continue // the server of another test is about to take the port
		}
		tb.Cleanup(func() { reserved.Close() }) //nolint:errcheck // no longer needed
		_, port, _ := net.SplitHostPort(l.Addr().String())
		return port
	}
	tb.Fatal("no port is free")
	return ""
}

func (s *Server) spawn() {
	s.tb.Helper()
	cmd := exec.CommandContext(context.Background(), s.binary, s.args...) //nolint:gosec // a server for tests
	dieWithParent(cmd)
	started, exited := make(chan error), make(chan struct{})
	go func() {
		runtime.LockOSThread() // the kernel takes the thread that starts a process for its parent
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait()
		}
		close(exited)
	}()
	if err := <-started; err != nil {
		s.tb.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cmd, s.exited = cmd, exited
}

// Kill ends the process at once. The process cannot save anything. A second call does nothing.
func (s *Server) Kill() {
	s.mu.Lock()
	defer s.mu.Unlock()
	_ = s.cmd.Process.Kill()
	<-s.exited
}

// Restart starts the process again after Kill, on the same port.
func (s *Server) Restart() {
	s.tb.Helper()
	s.spawn()
	s.awaitReply("PONG", "PING")
	s.awaitReply(s.processLine(), "INFO", "server")
}

// RestartLoading starts the process again after Kill, with the data that SAVE has stored. The server stays in its loading state until FinishLoading.
func (s *Server) RestartLoading() {
	s.tb.Helper()
	s.args = append(s.args, "--key-load-delay", "50000", "--loading-process-events-interval-bytes", "1024")
	s.spawn()
	s.awaitReply("LOADING", "GET", "x")
}

// FinishLoading lets a server finish loading its data.
func (s *Server) FinishLoading() {
	s.tb.Helper()
	s.Must("CONFIG", "SET", "key-load-delay", "0")
	s.awaitReply("PONG", "PING")
}

// LoseDisk removes the server's directory, so that the server cannot save anything.
func (s *Server) LoseDisk() {
	s.tb.Helper()
	if err := os.RemoveAll(s.dir); err != nil {
		s.tb.Fatal(err)
	}
}

// Do sends a command on a new connection and returns the reply as text.
func (s *Server) Do(words ...string) (string, error) {
	conn, err := (&net.Dialer{Timeout: timeout}).DialContext(context.Background(), "tcp", s.Addr)
	if err != nil {
		return "", err
	}
	defer conn.Close() //nolint:errcheck // the reply has been read
	_ = conn.SetDeadline(time.Now().Add(5 * time.Second))
	in := bufio.NewReader(conn)
	if s.auth != "" {
		send(conn, "AUTH", s.auth)
		if _, err := reply(in); err != nil {
			return "", err
		}
	}
	send(conn, words...)
	return reply(in)
}

func send(conn net.Conn, words ...string) {
	fmt.Fprintf(conn, "*%d\r\n", len(words))
	for _, w := range words {
		fmt.Fprintf(conn, "$%d\r\n%s\r\n", len(w), w)
	}
}

// reply reads one reply. It returns the elements of a list as lines.
func reply(in *bufio.Reader) (string, error) {
	line, err := in.ReadString('\n')
	if err != nil {
		return "", err
	}
	line = strings.TrimRight(line, "\r\n")
	n, _ := strconv.Atoi(line[1:])
	switch line[0] {
	case '-':
		return "", fmt.Errorf("redis: %s", line[1:])
	case '$':
		if n < 0 {
			return "", nil
		}
		data := make([]byte, n+2)
		for got := 0; got < len(data); {
			k, err := in.Read(data[got:])
			if err != nil {
				return "", err
			}
			got += k
		}
		return string(data[:n]), nil
	case '*':
		var lines []string
		for range n {
			l, err := reply(in)
			if err != nil {
				return "", err
			}
			lines = append(lines, l)
		}
		return strings.Join(lines, "\n"), nil
	}
	return line[1:], nil
}

// Must is Do for a command that must not fail. An error fails the test.
func (s *Server) Must(words ...string) string {
	s.tb.Helper()
	out, err := s.Do(words...)
	if err != nil {
		s.tb.Fatalf("%v: %v", words, err)
	}
	return out
}

// AwaitMaster waits until the server has become a master. At that point, the server has closed its connections.
func (s *Server) AwaitMaster() {
	s.tb.Helper()
	s.awaitReply("role:master", "INFO", "replication")
}

// awaitReplication waits until both the server and its master know that the server has the master's data. The replica knows it first. Until the master
// knows it too, the master sends no writes to the replica.
func (s *Server) awaitReplication(master *Server) {
	s.tb.Helper()
	s.awaitReply("master_link_status:up", "INFO", "replication")
	master.awaitReply("state=online", "INFO", "replication")
}

// awaitReply waits until the reply to a command contains the wanted text.
func (s *Server) awaitReply(want string, words ...string) {
	s.tb.Helper()
	Await(s.tb, func() bool {
		out, err := s.Do(words...)
		return err == nil && strings.Contains(out, want) || err != nil && strings.Contains(err.Error(), want)
	}, "%s: %v: %s", s.Addr, words, want)
}

// Key returns the only key that ends so.
func (s *Server) Key(end string) string {
	s.tb.Helper()
	keys := strings.Fields(s.Must("KEYS", "*"+end))
	if len(keys) != 1 {
		s.tb.Fatalf("the keys that end with %s are %v", end, keys)
	}
	return keys[0]
}

// Time returns the server's clock, in microseconds since 1970.
func (s *Server) Time() int64 {
	s.tb.Helper()
	n, err := strconv.ParseInt(s.Must("EVAL", "local t = redis.call('TIME') return t[1] .. string.format('%06d', t[2])", "0"), 10, 64)
	if err != nil {
		s.tb.Fatal(err)
	}
	return n
}

// Await waits for a condition, and fails the test if the condition does not become true in time.
func Await(tb testing.TB, condition func() bool, format string, args ...any) {
	tb.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(timeout); !condition(); <-tick.C {
		if time.Now().After(end) {
			tb.Fatalf("waited in vain: "+format, args...)
		}
	}
}
