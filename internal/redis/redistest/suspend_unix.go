//go:build unix

package redistest

import (
	"os/exec"
	"syscall"
)

// InOwnGroup has a process start in a process group of its own, so that only its test continues it after Stop. The system continues all stopped processes of a
// group when the shell that has started the group ends.
func InOwnGroup(cmd *exec.Cmd) { cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true} }

// Stop suspends the process. Continue resumes it.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue resumes the process after Stop.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.tb.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.tb.Error(err)
	}
}
