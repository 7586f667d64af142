// Package process starts the processes of a benchmark, and talks to them: a process is asked by a line of JSON on its standard input, and answers with a line.
// The program itself can be such a process, in another role.
package process

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// Process is a process that was started for the measurement. It reads lines on its standard input, and answers each with a line.
type Process struct {
	cmd *exec.Cmd
	in  io.Writer
	out *bufio.Reader
}

// Of returns a process with these ends, for tests.
func Of(in io.Writer, out io.Reader) *Process { return &Process{in: in, out: bufio.NewReader(out)} }

// Start starts a process, which ends with ctx at the latest.
func Start(ctx context.Context, path string, args ...string) (*Process, error) {
	cmd := exec.CommandContext(ctx, path, args...) //nolint:gosec // the paths are ours
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	cmd.Stderr = os.Stderr
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	return &Process{cmd: cmd, in: in, out: bufio.NewReader(out)}, nil
}

// StartRole starts this program in another role.
func StartRole(ctx context.Context, role string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return Start(ctx, self, role)
}

// Await waits for a line with that beginning, and returns the rest of it.
func (p *Process) Await(beginning string) (string, error) {
	for {
		line, err := p.out.ReadString('\n')
		if err != nil {
			return "", fmt.Errorf("a process ended before it said %q: %w", beginning, err)
		}
		if rest, ok := strings.CutPrefix(line, beginning); ok {
			return strings.TrimSpace(rest), nil
		}
	}
}

// Ask sends a value as a line of JSON, and reads the answer.
func (p *Process) Ask(question, answer any) error {
	line, err := json.Marshal(question)
	if err != nil {
		return err
	}
	if _, err := p.in.Write(append(line, '\n')); err != nil {
		return err
	}
	return p.Read(answer)
}

// Read reads a line of JSON.
func (p *Process) Read(into any) error {
	text, err := p.Await("")
	if err != nil {
		return err
	}
	return json.Unmarshal([]byte(text), into)
}

// AnswerLines answers each line of in with a line of out, until in ends.
func AnswerLines[Q, A any](in io.Reader, out io.Writer, answer func(Q) (A, error)) error {
	questions, answers := json.NewDecoder(in), json.NewEncoder(out)
	for {
		var q Q
		if err := questions.Decode(&q); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		a, err := answer(q)
		if err != nil {
			return err
		}
		if err := answers.Encode(a); err != nil {
			return err
		}
	}
}

// Stop ends the process, which nobody needs any more.
func (p *Process) Stop() {
	if p == nil {
		return
	}
	p.cmd.Process.Kill() //nolint:errcheck // it has ended already
	p.cmd.Wait()         //nolint:errcheck // it was killed
}

// tick is the unit of processor times in /proc, which is the same on all systems.
const tick = 10 * time.Millisecond

// ProcessorTime returns the processor time of the process so far: of its own code, and of the system for it.
func (p *Process) ProcessorTime() (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", p.cmd.Process.Pid))
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(string(stat), ") ") // after the name, which may have spaces
	fields := strings.Fields(rest)
	if len(fields) < 13 {
		return 0, errors.New("/proc: the line is too short")
	}
	user, err1 := strconv.Atoi(fields[11])
	system, err2 := strconv.Atoi(fields[12])
	return time.Duration(user+system) * tick, errors.Join(err1, err2)
}

// Build builds the server as `make build` does.
func Build(ctx context.Context, path string) error {
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-o", path, "roster") //nolint:gosec // the path is ours
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("the server does not build: %w\n%s", err, out)
	}
	return nil
}

// Memory is what a process has in memory, as the system counts it.
type Memory struct{ Now, Peak int64 } // in bytes

// Memory returns the memory of the process now, and at its peak since the last call of ResetPeak.
func (p *Process) Memory() (m Memory, err error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return m, err
	}
	for line := range strings.Lines(string(status)) {
		name, value, _ := strings.Cut(line, ":")
		var into *int64
		switch name {
		case "VmRSS":
			into = &m.Now
		case "VmHWM":
			into = &m.Peak
		default:
			continue
		}
		kilobytes, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return m, err
		}
		*into = kilobytes << 10
	}
	return m, nil
}

// ResetPeak begins a new peak.
func (p *Process) ResetPeak() error {
	return os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", p.cmd.Process.Pid), []byte("5"), 0)
}
