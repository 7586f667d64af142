package command

import (
	"io"

	"github.com/spf13/cobra"

	"roster/graph"
	"roster/internal/config"
	"roster/resolvers"
)

func (p *program) schema() *cobra.Command {
	cmd := &cobra.Command{
		Use: "schema", Short: "Print the schema, for a federation router or for clients", Args: none,
		Example: `  roster schema > roster.graphql            # for a federation router
  roster schema --client > schema.graphql   # for code generators
  roster schema --who-sees | grep User.     # the scopes that open each field`,
	}
	flags := cmd.Flags()
	flags.Bool("federation", true, "as a subgraph states it to a federation router")
	client := flags.Bool("client", false, "as clients see it")
	prefix := flags.String("prefix", "", "the `text` that begins its names, as federation.prefix in the configuration")
	security := flags.Bool("security-directives", false, "with @requiresScopes, as it is served if a credential has router: true")
	whoSees := flags.Bool("who-sees", false, "in its place, each field with the scopes that a caller needs for it")
	cmd.RunE = func(*cobra.Command, []string) error {
		if *whoSees && (*client || flags.Changed("federation") || *security) {
			return &usageError{cmd, "--who-sees can be used together with --prefix only"}
		}
		if *client && (flags.Changed("federation") || *security) {
			return &usageError{cmd, "--client cannot be used together with --federation or --security-directives"}
		}
		if *prefix != "" && !config.IsPrefix(*prefix) {
			return &usageError{cmd, "--prefix: " + config.PrefixForm}
		}
		options := graph.Options{Prefix: *prefix, SecurityDirectives: *security}
		text := graph.Federation(options)
		switch {
		case *client:
			text = graph.Client(options)
		case *whoSees:
			var err error
			if text, err = resolvers.WhoSees(options); err != nil {
				return err
			}
		}
		_, err := io.WriteString(p.stdout, text)
		return err
	}
	return cmd
}
