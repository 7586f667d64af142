//go:build !unix

package redistest

import "os/exec"

// InOwnGroup does nothing, because no process is suspended on this system.
func InOwnGroup(*exec.Cmd) {}

// Stop skips the test: this system cannot suspend a process.
func (s *Server) Stop() {
	s.tb.Helper()
	s.tb.Skip("this system cannot suspend a process")
}

// Continue does nothing, because Stop has skipped the test.
func (*Server) Continue() {}
