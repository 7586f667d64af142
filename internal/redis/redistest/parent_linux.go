package redistest

import (
	"os/exec"
	"syscall"
)

// dieWithParent makes a process end when the test that started it is killed.
func dieWithParent(cmd *exec.Cmd) {
	InOwnGroup(cmd)
	cmd.SysProcAttr.Pdeathsig = syscall.SIGKILL
}
