package command

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"roster/internal/app"
	"roster/internal/config"
	"roster/internal/webhook"
)

// webhooksWithin limits the time of each command for webhooks.
const webhooksWithin = 2 * time.Minute

// webhooks is the command for the receivers of changes. It has two subcommands: list and test.
func (p *program) webhooks() *cobra.Command {
	cmd := &cobra.Command{Use: "webhooks", Short: "See and test the receivers of changes"}
	group(cmd, "name a command: roster webhooks list, or roster webhooks test NAME")
	cmd.AddCommand(p.listWebhooks(), p.testWebhook())
	return cmd
}

func (p *program) listWebhooks() *cobra.Command {
	cmd := &cobra.Command{
		Use: "list", Short: "Show where each webhook is, and its dead letters", Args: none,
		Long: `Show where each webhook is, as the servers have stored it in Redis or in cache_dir, and the last messages that were given up. Payloads are not stored.`,
	}
	path := configFlag(cmd)
	asJSON := cmd.Flags().Bool("json", false, "print the result as JSON")
	cmd.RunE = func(*cobra.Command, []string) error {
		cfg, err := load(cmd, config.Open(*path, os.LookupEnv))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), webhooksWithin)
		defer cancel()
		all, err := app.WebhookStatuses(ctx, cfg)
		if err != nil {
			return err
		}
		if *asJSON {
			return json.NewEncoder(p.stdout).Encode(map[string]any{"webhooks": all})
		}
		return printWebhooks(p.stdout, all)
	}
	return cmd
}

// printWebhooks prints a line for each webhook, and one for each dead letter.
func printWebhooks(w io.Writer, all []webhook.Status) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "WEBHOOK\tHOST\tSTATE\tDETAILS")
	for i := range all {
		st := &all[i]
		details := ""
		if m := st.Pending; m != nil && m.Attempts > 0 {
			details = fmt.Sprintf("%s: %d attempts since %s, next at %s", m.Problem, m.Attempts, m.Since.Format(time.RFC3339), m.Next.Format(time.RFC3339))
		}
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\n", st.Name, st.Host, st.State, details)
		for _, m := range st.DeadLetters {
			fmt.Fprintf(table, "\t\tdead letter\t%s at %s: %d changes after %s up to %s, %d attempts, %s\n",
				m.ID, m.At.Format(time.RFC3339), m.Changes, m.After, m.Until, m.Attempts, m.Problem)
		}
	}
	return table.Flush()
}

func (p *program) testWebhook() *cobra.Command {
	cmd := &cobra.Command{
		Use: "test NAME", Short: "Send a message without data to the receiver of a webhook",
		Long: `Send one signed message of the type webhook.test, without data, to the receiver of a webhook. The status is 0 if the receiver accepts it.`,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) != 1 {
				return &usageError{cmd, "name one webhook, such as roster webhooks test crm"}
			}
			return nil
		},
	}
	path := configFlag(cmd)
	cmd.RunE = func(_ *cobra.Command, args []string) error {
		cfg, err := load(cmd, config.Open(*path, os.LookupEnv))
		if err != nil {
			return err
		}
		ctx, cancel := context.WithTimeout(cmd.Context(), webhooksWithin)
		defer cancel()
		if err := app.TestWebhook(ctx, cfg, args[0]); err != nil {
			return err
		}
		_, err = fmt.Fprintf(p.stdout, "The receiver of webhook %s has accepted the message.\n", args[0])
		return err
	}
	return cmd
}
