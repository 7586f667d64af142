//go:build unix

package redistest

import "syscall"

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
