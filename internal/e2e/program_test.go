package e2e_test

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"roster/internal/logtest"
)

// program is the program under test, running.
type program struct {
	url    string
	cmd    *exec.Cmd
	out    logtest.Buffer // standard output
	log    logtest.Buffer // standard error
	exited chan struct{}
	err    error // of its end; after exited
}

// launch starts the program, and waits for nothing.
func launch(args ...string) (*program, error) {
	return launchCommand(exec.CommandContext(context.Background(), binary, args...))
}

func launchCommand(cmd *exec.Cmd) (*program, error) {
	p := &program{cmd: cmd, exited: make(chan struct{})}
	p.cmd.Stdout, p.cmd.Stderr = &p.out, &p.log
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		p.err = p.cmd.Wait()
		close(p.exited)
	}()
	return p, nil
}

// patience is how long anything may take. It only ends a test that would else never end.
const patience = 3 * time.Minute

// until waits for a condition, and is false where it does not come true in time.
func until(condition func() bool) bool {
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	for !condition() {
		select {
		case <-look.C:
		case <-deadline.C:
			return condition()
		}
	}
	return true
}

// eventually waits for a condition, or ends the test.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	if !until(condition) {
		t.Fatalf("in vain waited until %s", what)
	}
}

// awaitLine waits for a line with that beginning, and gives the rest of it.
func (p *program) awaitLine(beginning string) (rest string, err error) {
	found := false
	until(func() bool {
		for line := range strings.Lines(p.out.String()) {
			if r, ok := strings.CutPrefix(line, beginning); ok && strings.HasSuffix(r, "\n") {
				rest, found = strings.TrimSpace(r), true
			}
		}
		return found || p.over()
	})
	if !found {
		return "", fmt.Errorf("the program does not say %q; it says:\n%s%s", beginning, p.out.String(), p.log.String())
	}
	return rest, nil
}

func (p *program) awaitAddress(beginning string) (err error) {
	p.url, err = p.awaitLine(beginning)
	return err
}

func (p *program) over() bool {
	select {
	case <-p.exited:
		return true
	default:
		return false
	}
}

// stop ends the program as an operator does. An end that is not clean, and a race that was seen, are errors.
func (p *program) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !p.over() {
		return err
	}
	return p.awaitEnd()
}

func (p *program) awaitEnd() error {
	if !until(p.over) {
		return errors.Join(errors.New("the program does not end"), p.cmd.Process.Kill())
	}
	if p.err != nil {
		return fmt.Errorf("the program ended with %w; its log:\n%s", p.err, p.log.String())
	}
	return nil
}

// serve starts `serve` with a configuration, and gives it once it listens. It ends with the test, and has to end cleanly, without a secret in its
// log.
func serve(t *testing.T, settings map[string]any) *program {
	t.Helper()
	p, err := launch("serve", "--config", configFile(t, settings))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.stop(); err != nil {
			t.Error(err)
		}
		discreet(t, "the log", p.log.String())
		if strings.Contains(p.log.String(), "http://") {
			t.Errorf("the log holds an address:\n%s", p.log.String())
		}
	})
	if err := p.awaitAddress("Roster listens on "); err != nil {
		t.Fatal(err)
	}
	return p
}

// awaitFirstReading waits until every collection has been read or tried.
func (p *program) awaitFirstReading(t *testing.T) {
	t.Helper()
	if _, err := p.awaitLine("Every collection has been read, or tried."); err != nil {
		t.Fatal(err)
	}
}
