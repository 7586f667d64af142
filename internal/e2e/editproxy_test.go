package e2e_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
)

// editProxy is a proxy in front of Redis that meets an edit on its way.
type editProxy struct {
	addr, upstream string

	mu    sync.Mutex
	plan  *meeting // for the next edit that is stored; nil for none
	conns map[net.Conn]bool
}

// meeting is what happens to the next edit that a server stores in Redis. Its connection is cut afterwards.
type meeting struct {
	share    float64 // of the command that reaches Redis
	answered bool    // all of it does, and Redis has answered, but its answer reaches nobody
	then     func()  // what happens before the connection is cut; nil for nothing
	met      chan struct{}
}

func startEditProxy(t *testing.T, upstream string) *editProxy {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &editProxy{addr: l.Addr().String(), upstream: upstream, conns: make(map[net.Conn]bool)}
	var running sync.WaitGroup
	running.Go(func() {
		for {
			down, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.serve(context.WithoutCancel(t.Context()), down) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		for c := range p.conns {
			_ = c.Close()
		}
		p.mu.Unlock()
		running.Wait()
	})
	return p
}

// meet sets what happens to the next edit that is stored.
func (p *editProxy) meet(m *meeting) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.plan = m
}

// take returns what happens to an edit that is being stored now; nil for nothing.
func (p *editProxy) take() *meeting {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.plan
	p.plan = nil
	return m
}

func (p *editProxy) keep(c net.Conn) (drop func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns[c] = true
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.conns, c)
		_ = c.Close()
	}
}

// serve passes on what a server and Redis say to each other.
func (p *editProxy) serve(ctx context.Context, down net.Conn) {
	defer p.keep(down)()
	up, err := new(net.Dialer).DialContext(ctx, "tcp", p.upstream)
	if err != nil {
		return
	}
	defer p.keep(up)()
	var held sync.Mutex
	var answers chan []byte // not nil while answers do not reach the server
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		defer down.Close() //nolint:errcheck // the server sees that it is closed
		buffer := make([]byte, 64<<10)
		for {
			n, err := up.Read(buffer)
			held.Lock()
			to := answers
			held.Unlock()
			if n > 0 && to != nil {
				to <- bytes.Clone(buffer[:n])
			} else if _, failed := down.Write(buffer[:n]); failed != nil {
				return
			}
			if err != nil {
				return
			}
		}
	}()
	defer func() { _ = up.Close(); <-ended }()
	from := bufio.NewReader(down)
	for {
		command, words, err := readCommand(from)
		if err != nil {
			return
		}
		var m *meeting
		// The script that stores edits has the key, the expected version and the value as arguments; the one that loads them has no value.
		if words == 6 && bytes.Contains(command, []byte("identity:{edits}")) {
			m = p.take()
		}
		switch {
		case m == nil:
			if _, err := up.Write(command); err != nil {
				return
			}
			continue
		case m.answered:
			to := make(chan []byte, 16)
			held.Lock()
			answers = to
			held.Unlock()
			_, _ = up.Write(command)
			var answer []byte
			select {
			case answer = <-to:
			case <-ended:
			}
			if bytes.HasPrefix(answer, []byte("-NOSCRIPT")) { // the script itself follows
				held.Lock()
				answers = nil
				held.Unlock()
				p.meet(m)
				_, _ = down.Write(answer)
				continue
			}
		default:
			_, _ = up.Write(command[:int(m.share*float64(len(command)))])
		}
		close(m.met)
		if m.then != nil {
			m.then()
		}
		return
	}
}

// readCommand reads one command of a client of Redis, which is a list of texts.
func readCommand(r *bufio.Reader) (command []byte, words int, err error) {
	size := func(kind byte) (int, error) {
		line, err := r.ReadBytes('\n')
		command = append(command, line...)
		if err != nil || line[0] != kind {
			return 0, fmt.Errorf("not a command: %q, %w", line, err)
		}
		return strconv.Atoi(strings.TrimSpace(string(line[1:])))
	}
	if words, err = size('*'); err != nil {
		return nil, 0, err
	}
	for range words {
		n, err := size('$')
		if err != nil {
			return nil, 0, err
		}
		text := make([]byte, n+len("\r\n"))
		if _, err := io.ReadFull(r, text); err != nil {
			return nil, 0, err
		}
		command = append(command, text...)
	}
	return command, words, nil
}
