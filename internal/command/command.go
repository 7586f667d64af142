package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"roster/internal/buildinfo"
	"roster/internal/config"
	"roster/internal/nearest"
)

// program is one call of the program.
type program struct{ stdout, stderr io.Writer }

// Run runs the program with these arguments, until the command is done or ctx ends. The error is ErrUsage if the command line is wrong.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	root := (&program{stdout, stderr}).root()
	if len(args) == 0 {
		fmt.Fprintf(stderr, "%s\nroster: name a command, such as roster demo\n", root.UsageString())
		return ErrUsage
	}
	root.SetArgs(args)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return nil
	}
	if _, _, unknown := root.Find(args); unknown != nil {
		err = noCommand(root, args)
	}
	if wrong, ok := errors.AsType[*usageError](err); ok {
		fmt.Fprintln(stderr, wrong.Error())
		return ErrUsage
	}
	return err
}

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "roster",
		Short: "One GraphQL graph over the systems in which a company keeps its people",
		Long: `Roster serves one GraphQL graph over the systems in which a company keeps its people.

To see it, run "roster demo": it needs no configuration and no credential.`,
		Version: buildinfo.Read().Version,
		Example: `  roster demo     # an invented company, at http://127.0.0.1:8080
  roster check    # what can be read of the sources in roster.yaml
  roster serve    # serve them`,
		SilenceErrors: true, SilenceUsage: true,
	}
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	root.SetVersionTemplate(buildinfo.Read().String() + "\n")
	root.SetFlagErrorFunc(flagError)
	root.PersistentPreRunE = func(cmd *cobra.Command, _ []string) error { return noEmptyFlag(cmd) }
	root.CompletionOptions.SetDefaultShellCompDirective(cobra.ShellCompDirectiveNoFileComp)
	root.AddCommand(p.demo(), p.serve(), p.check(), p.reload(), p.healthcheck(), p.cache(), p.webhooks(), p.identity(), p.key(), p.schema(), p.version())
	root.SetHelpCommand(help(root))
	root.InitDefaultCompletionCmd()
	for _, c := range root.Commands() {
		if c.Name() == "completion" {
			group(c, "name a shell, such as roster completion bash")
		}
	}
	return root
}

// group has a command that only has subcommands refuse everything else; cobra would print its help, as if all were well.
func group(cmd *cobra.Command, missing string) {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) == 0 {
			return &usageError{cmd, missing}
		}
		return noCommand(cmd, args)
	}
	cmd.RunE = func(*cobra.Command, []string) error { return nil }
}

func help(root *cobra.Command) *cobra.Command {
	return &cobra.Command{
		Use: "help [COMMAND]", Short: "Explain a command",
		RunE: func(_ *cobra.Command, args []string) error {
			cmd, rest, err := root.Find(args)
			if err != nil || len(rest) > 0 {
				return noCommand(cmd, rest)
			}
			cmd.InitDefaultHelpFlag()
			return cmd.Help()
		},
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return names(root), cobra.ShellCompDirectiveNoFileComp
		},
	}
}

func (p *program) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Print the version, with its commit and date", Args: none,
		Run: func(*cobra.Command, []string) { fmt.Fprintln(p.stdout, buildinfo.Read()) },
	}
}

// usageError is a wrong command line of a command.
type usageError struct {
	command *cobra.Command
	message string
}

// Error returns what is wrong and what to do, on one line.
func (e *usageError) Error() string { return e.command.CommandPath() + ": " + e.message }

// noCommand returns the error for a command that does not exist below another one.
func noCommand(parent *cobra.Command, args []string) error {
	given := ""
	for _, arg := range args {
		if !strings.HasPrefix(arg, "-") {
			given = arg
			break
		}
	}
	if parent.Name() == "completion" && nearest.To(given, names(parent)) == "" {
		return &usageError{parent, fmt.Sprintf("there are no completions for %q: name one of %s", given, strings.Join(names(parent), ", "))}
	}
	return &usageError{parent, fmt.Sprintf("there is no command %q%s", given, hint(parent, "", nearest.To(given, names(parent))))}
}

// hint ends a message with the word that was probably meant, or with where the words are listed.
func hint(cmd *cobra.Command, prefix, word string) string {
	if word == "" {
		return "; see " + cmd.CommandPath() + " --help"
	}
	return "; did you mean " + prefix + word + "?"
}

// names returns the names of the commands below a command.
func names(parent *cobra.Command) []string {
	var all []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() {
			all = append(all, c.Name())
		}
	}
	return all
}

// none refuses arguments other than flags.
func none(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	return &usageError{cmd, fmt.Sprintf("the argument %q is not expected%s", args[0], hint(cmd, "--", nearest.To(args[0], flagNames(cmd))))}
}

// configFlag adds the flag for the configuration file.
func configFlag(cmd *cobra.Command) *string {
	path := cmd.Flags().String("config", "roster.yaml", "the configuration `file`")
	cmd.MarkFlagFilename("config", "yaml", "yml") //nolint:errcheck // the flag exists
	return path
}

// load reads the configuration file. If only flags are wrong, the error is a usageError.
func load(cmd *cobra.Command, file *config.File) (*config.Config, error) {
	cfg, err := file.Load()
	switch {
	case err == nil:
		return cfg, nil
	case onlyFlags(err):
		return nil, &usageError{cmd, err.Error()}
	}
	return nil, fmt.Errorf("the configuration is not usable (roster demo needs no configuration):\n%w", err)
}

// onlyFlags reports whether all faults are those of flags.
func onlyFlags(err error) bool {
	faults, ok := errors.AsType[config.Faults](err)
	return ok && !slices.ContainsFunc(faults, func(f config.Fault) bool { return !strings.HasPrefix(f.Path, "--") })
}
