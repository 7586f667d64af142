package command

import (
	"fmt"

	"github.com/spf13/cobra"

	"roster/internal/access"
	"roster/internal/config"
)

// key creates an API key. The key is printed only once; the configuration has its hash.
func (p *program) key() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "key [NAME]",
		Short: "Make an API key, and the lines to configure for it",
		Long:  "Make an API key for the caller of this name. It is printed once; the configuration has only its hash.",
		Args: func(cmd *cobra.Command, args []string) error {
			return none(cmd, args[min(1, len(args)):])
		},
	}
	name := cmd.Flags().String("name", "NAME", "the `name` of the caller, instead of the argument")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			if cmd.Flags().Changed("name") {
				return &usageError{cmd, "name the caller with the argument or with --name, not with both"}
			}
			*name = args[0]
		}
		if !config.IsKeyName(*name) {
			return &usageError{cmd, fmt.Sprintf("the name %q cannot be used: it %s", *name, config.KeyNameForm)}
		}
		key, hash := access.NewKey()
		_, err := fmt.Fprintf(p.stdout, `%s

Give it to the caller, who sends it as Authorization: Bearer …; it is shown only now. In the configuration:

access:
  keys:
    - { name: %s, hash: "%s", scopes: ["%s"] }
`, key, *name, hash, access.ScopeRead)
		return err
	}
	return cmd
}
