//go:build linux

package attack_test

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// memory gives how much of it the program holds, in bytes.
func (p *target) memory() (int, error) { return p.status("VmRSS:") }

// peak gives the most memory that the program has held since forgetPeak, in bytes; of one that has ended, the most that was seen before. The system's own number
// of that would count what this process held when it started the program.
func (p *target) peak(t *testing.T) int {
	t.Helper()
	n, err := p.status("VmHWM:")
	p.peaks.Lock()
	defer p.peaks.Unlock()
	if err != nil {
		return p.last
	}
	p.last = n
	return n
}

// forgetPeak begins to measure anew.
func (p *target) forgetPeak(t *testing.T) {
	t.Helper()
	n := p.peak(t)
	p.peaks.Lock()
	defer p.peaks.Unlock()
	p.most = max(p.most, n)
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0); err != nil {
		t.Fatal(err)
	}
}

// processorTime gives how long processors have worked for the program so far.
func (p *target) processorTime(t *testing.T) time.Duration {
	t.Helper()
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil && until(p.over) {
		return p.cmd.ProcessState.UserTime() + p.cmd.ProcessState.SystemTime()
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
