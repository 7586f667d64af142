package command

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/netip"
	"net/url"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/echo"
)

// previewWithin limits the time of a preview unless the flag says otherwise.
const previewWithin = time.Minute

// identity is the command for the rules by which accounts are joined. It has one subcommand: preview.
func (p *program) identity() *cobra.Command {
	cmd := &cobra.Command{Use: "identity", Short: "See what a change of the rules for joining accounts would do"}
	group(cmd, "name a command: roster identity preview NEW.yaml")
	cmd.AddCommand(p.previewIdentity())
	return cmd
}

func (p *program) previewIdentity() *cobra.Command {
	cmd := &cobra.Command{
		Use: "preview NEW.yaml", Short: "Show which people a new configuration would merge and split, and whose ID would change",
		Long: `Ask a running server which people a new configuration would merge and split, and whose ID would change. Nothing is changed. The server answers with the
data that it has, for the file's identity.link, identity.split, identity.anchors, identity.shared_mailboxes and email_trust; it ignores everything else in the
file, also the addresses and credentials of sources: sources are the same if they have the same name. Edits that were made in the graph stay in force. The status is 0 if the server has answered, whatever the preview says.`,
		Example: `  roster identity preview new.yaml
  roster identity preview new.yaml --url https://roster.acme.example/graphql --key-file admin.key`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{cmd, "name one file, such as roster identity preview new.yaml"}
			}
			return nil
		},
	}
	address := cmd.Flags().String("url", "", "the `URL` of the server's graph; without it, that of listen in the file")
	keyFile := cmd.Flags().String("key-file", "", "a `file` with an API key that has directory:admin and, if the file or the server has anchors, directory:sensitive")
	insecure := cmd.Flags().Bool("insecure-http", false, "send the API key unencrypted to a server that is not on this machine")
	timeout := cmd.Flags().Duration("timeout", previewWithin, "how long to wait for the answer")
	asJSON := cmd.Flags().Bool("json", false, "print the result as JSON")
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		if *timeout <= 0 {
			return &usageError{cmd, "--timeout: must be more than 0s"}
		}
		if u, err := url.Parse(*address); *address != "" && (err != nil || u.Hostname() == "" || u.Scheme != "http" && u.Scheme != "https") {
			return &usageError{cmd, "--url: must be a full URL, such as http://127.0.0.1:8080/graphql"}
		}
		if _, err := os.Stat(args[0]); errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("there is no file %s: name the file with the new configuration", echo.Line(args[0]))
		}
		cfg, err := load(cmd, config.Open(args[0], os.LookupEnv))
		if err != nil {
			return err
		}
		from := "--url"
		if *address == "" {
			from = "listen in the file"
			if *address = graphOf(cfg); *address == "" {
				return &usageError{cmd, "--url: name the server, because listen in the file leaves the choice of the port to the system"}
			}
		}
		key := ""
		if *keyFile != "" {
			text, err := os.ReadFile(*keyFile)
			if err != nil {
				return fmt.Errorf("--key-file: %s cannot be read: it must be a file that this user may read", *keyFile)
			}
			key = strings.TrimSpace(string(text))
			if u, err := url.Parse(*address); err == nil && u.Scheme == "http" && !onThisMachine(u.Hostname()) && !*insecure {
				return &usageError{cmd, from + ": leads over http to an address that may be another machine's, and the key would be sent unencrypted: name the server by " +
					"--url https://…, or on this machine by http://127.0.0.1, or allow it by --insecure-http"}
			}
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), *timeout)
		defer cancel()
		preview, notes, err := app.PreviewIdentity(ctx, cfg, *address, key)
		if err != nil {
			return err
		}
		for _, note := range notes {
			fmt.Fprintln(p.stderr, "roster identity preview: "+note)
		}
		if *asJSON {
			return json.NewEncoder(p.stdout).Encode(preview)
		}
		return printPreview(p.stdout, preview)
	}
	return cmd
}

// onThisMachine reports whether what is sent to a host stays on this machine.
func onThisMachine(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.Unmap().IsLoopback()
}

// graphOf returns the address of the graph of a server with this configuration, on this machine; empty if it has no fixed port.
func graphOf(cfg *config.Config) string {
	host, port, err := net.SplitHostPort(cfg.Listen)
	if err != nil || port == "0" {
		return ""
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	scheme := "http"
	if cfg.TLS != nil {
		scheme = "https"
	}
	return scheme + "://" + net.JoinHostPort(host, port) + "/graphql"
}

// printPreview prints a line for each change, and the numbers.
func printPreview(w io.Writer, p *app.IdentityPreview) error {
	if len(p.Merges)+len(p.Splits)+len(p.IDChanges) > 0 {
		table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
		fmt.Fprintln(table, "CHANGE\tPERSON\tDETAILS")
		for _, m := range p.Merges {
			var parts []string
			for _, a := range m.Accounts {
				parts = append(parts, fmt.Sprintf("%s of %s", echo.Line(a.String()), echo.Line(a.User.Name)))
			}
			fmt.Fprintf(table, "merge\t%s\t%s\n", echo.Line(m.Name), strings.Join(parts, ", "))
		}
		for _, s := range p.Splits {
			var parts []string
			for _, person := range s.People {
				var accounts []string
				for _, a := range person.Accounts {
					accounts = append(accounts, echo.Line(a.String()))
				}
				parts = append(parts, fmt.Sprintf("%s with %s", echo.Line(person.Name), strings.Join(accounts, ", ")))
			}
			fmt.Fprintf(table, "split\t%s\t%s\n", echo.Line(s.User.Name), strings.Join(parts, "; "))
		}
		for _, c := range p.IDChanges {
			fmt.Fprintf(table, "new ID\t%s\t%s becomes %s\n", echo.Line(c.User.Name), c.User.ID, c.ID)
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	for _, list := range []struct {
		what          string
		listed, total int
	}{{"merges", len(p.Merges), p.MergeCount}, {"splits", len(p.Splits), p.SplitCount}, {"new IDs", len(p.IDChanges), p.IDChangeCount}} {
		if list.listed < list.total {
			fmt.Fprintf(w, "Of %d %s, the first %d by name are listed.\n", list.total, list.what, list.listed)
		}
	}
	for _, ref := range p.Unknown {
		fmt.Fprintf(w, "The server has no account %s, which the file links or splits.\n", echo.Line(ref))
	}
	_, err := fmt.Fprintf(w, "%d people now, %d then: %d merged, %d split, %d with another ID.\n", p.People, p.PeopleAfter, p.MergeCount, p.SplitCount, p.IDChangeCount)
	return err
}
