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
	"strconv"
	"strings"
	"syscall"
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
  roster healthcheck --url https://127.0.0.1:8443/readyz --cert-file probe.pem --key-file probe-key.pem   # with tls.client_ca_file
  roster healthcheck --url http://127.0.0.1:8080/healthz   # whether the process lives, ready or not`,
	}
	address := cmd.Flags().String("url", "http://127.0.0.1:8080/readyz", "the `URL` to ask")
	timeout := cmd.Flags().Duration("timeout", healthWithin, "how long to wait for the answer")
	certFile := cmd.Flags().String("cert-file", "", "a `file` with the certificate to present, in PEM, for a server with tls.client_ca_file")
	keyFile := cmd.Flags().String("key-file", "", "the `file` with its private key, in PEM")
	cmd.MarkFlagsRequiredTogether("cert-file", "key-file")
	cmd.RunE = func(*cobra.Command, []string) error {
		u, err := url.Parse(*address)
		if err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https" {
			return &usageError{cmd, "--url: must be a full URL, such as http://127.0.0.1:8080/readyz"}
		}
		if !isPort(u.Port()) {
			return &usageError{cmd, "--url: the port must be a number from 0 to 65535"}
		}
		if *timeout <= 0 {
			return &usageError{cmd, "--timeout: must be more than 0s"}
		}
		// The server is on the same machine, and its certificate has its public name.
		with := &tls.Config{InsecureSkipVerify: true} //nolint:gosec // as above
		if *certFile != "" {
			pair, err := tls.LoadX509KeyPair(*certFile, *keyFile)
			if err != nil {
				return errors.New("--cert-file and --key-file must be files that this user may read, with a certificate and its private key in PEM format")
			}
			with.Certificates = []tls.Certificate{pair}
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		reason, err := askHealth(ctx, u, with)
		if err != nil {
			return fmt.Errorf("not healthy: %w", err)
		}
		_, err = fmt.Fprintln(p.stdout, reason)
		return err
	}
	return cmd
}

// askHealth returns what the server answers. An answer other than 200 is an error.
func askHealth(ctx context.Context, u *url.URL, with *tls.Config) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), http.NoBody)
	if err != nil {
		return "", err
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true, TLSClientConfig: with}}
	resp, err := client.Do(req)
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		return "", errors.New("no answer in time from " + u.Host)
	case isUnknownHost(err):
		return "", fmt.Errorf("the host name %s is not known: check --url", u.Hostname())
	case errors.Is(err, syscall.ECONNREFUSED):
		return "", errors.New("nothing listens on " + u.Host)
	case err != nil:
		return "", fmt.Errorf("%s: %w", u.Host, errors.Unwrap(err)) // without the URL, which may hold a password
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

// isUnknownHost reports whether the host has no address.
func isUnknownHost(err error) bool {
	_, ok := errors.AsType[*net.DNSError](err)
	return ok
}

// isPort reports whether the text is the number of a port, or empty for the port of the scheme.
func isPort(text string) bool {
	_, err := strconv.ParseUint(text, 10, 16)
	return text == "" || err == nil
}
