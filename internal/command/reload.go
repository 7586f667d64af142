package command

import (
	"fmt"
	"syscall"

	"github.com/spf13/cobra"

	"roster/internal/pidfile"
)

// reload has a server that runs read its configuration again.
func (p *program) reload() *cobra.Command {
	cmd := &cobra.Command{
		Use: "reload --pid-file FILE", Short: "Have a running server read its configuration again", Args: none,
		Long: `Have the server that was started with the same --pid-file read its configuration again, as SIGHUP does. The log of the server says whether the
configuration is applied. "roster check" finds faults before.`,
		Example: `  roster serve --pid-file /run/roster.pid
  roster reload --pid-file /run/roster.pid`,
	}
	path := cmd.Flags().String("pid-file", "", "the `file` with the process ID that roster serve --pid-file has written")
	cmd.RunE = func(*cobra.Command, []string) error {
		if *path == "" {
			return &usageError{cmd, "--pid-file is needed: start the server with roster serve --pid-file FILE, and name the same file here"}
		}
		process, err := pidfile.Read(*path)
		if err != nil {
			return fmt.Errorf("--pid-file: %s: %w", *path, err)
		}
		if err := process.Signal(syscall.SIGHUP); err != nil {
			return fmt.Errorf("the server, process %d, cannot be signalled: %w", process.Pid, err)
		}
		_, err = fmt.Fprintf(p.stdout, "The server, process %d, reads its configuration again. Its log says whether it is applied.\n", process.Pid)
		return err
	}
	return cmd
}
