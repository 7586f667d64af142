package command

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// healthWithin is how long a healthcheck waits unless the flag says otherwise. MaxReason limits how much is shown of the server's reason.
const (
	healthWithin = 3 * time.Second
	maxReason    = 1 << 10
)

// healthcheck is for containers without a shell.
func (p *program) healthcheck() *cobra.Command {
	cmd := &cobra.Command{
		Use: "healthcheck", Short: "Ask a running server whether it is ready; for containers", Args: none,
		Long: `Ask a running server whether it is ready, and end with status 0 if it is, with 1 if it is not. It needs neither a shell nor the configuration, and
trusts the server's certificate whatever it is: the server is on the same machine.`,
		Example: `  roster healthcheck
  roster healthcheck --url https://127.0.0.1:8443/readyz
  roster healthcheck --url http://127.0.0.1:8080/healthz   # whether the process lives, ready or not`,
	}
	address := cmd.Flags().String("url", "http://127.0.0.1:8080/readyz", "the `URL` to ask")
	timeout := cmd.Flags().Duration("timeout", healthWithin, "how long to wait for the answer")
	cmd.RunE = func(*cobra.Command, []string) error {
		u, err := url.Parse(*address)
		if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return &usageError{cmd, "--url: must be a whole address, such as http://127.0.0.1:8080/readyz"}
		}
		if *timeout <= 0 {
			return &usageError{cmd, "--timeout: must be more than 0s"}
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		reason, err := askHealth(ctx, u)
		if err != nil {
			return fmt.Errorf("not healthy: %w", err)
		}
		_, err = fmt.Fprintln(p.stdout, reason)
		return err
	}
	return cmd
}

// askHealth returns what the server answers. An answer other than 200 is an error.
func askHealth(ctx context.Context, u *url.URL) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		TLSClientConfig:   &tls.Config{InsecureSkipVerify: true}, //nolint:gosec // the certificate has the server's public name, not this address
	}}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", errors.New("no answer in time from " + u.Host)
	case err != nil && isRefused(err):
		return "", errors.New("nothing listens on " + u.Host)
	case err != nil:
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, maxReason))
	if err != nil {
		return "", err
	}
	said := strings.TrimSpace(string(text))
	if resp.StatusCode != http.StatusOK {
		return "", fmt.Errorf("HTTP %d: %s", resp.StatusCode, said)
	}
	return said, nil
}

// isRefused reports whether no connection could be made.
func isRefused(err error) bool {
	e, ok := errors.AsType[*net.OpError](err)
	return ok && e.Op == "dial"
}
