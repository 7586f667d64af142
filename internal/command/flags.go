package command

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"roster/internal/nearest"
)

// flagError says in one line what is wrong with a flag, and what to write instead.
func flagError(cmd *cobra.Command, err error) error {
	message := err.Error()
	if e, ok := errors.AsType[*pflag.NotExistError](err); ok {
		message = noFlag(cmd, e)
	}
	if e, ok := errors.AsType[*pflag.ValueRequiredError](err); ok {
		message = fmt.Sprintf("--%s needs a value; see %s --help", e.GetFlag().Name, cmd.CommandPath())
	}
	if e, ok := errors.AsType[*pflag.InvalidValueError](err); ok {
		message = fmt.Sprintf("--%s: %q %s", e.GetFlag().Name, e.GetValue(), invalid(e))
	}
	return &usageError{cmd, message}
}

func noFlag(cmd *cobra.Command, e *pflag.NotExistError) string {
	given, dashes := e.GetSpecifiedName(), "--"
	if short := e.GetSpecifiedShortnames(); short != "" {
		given, dashes = short, "-"
	}
	given, _, _ = strings.Cut(given, "=")
	return fmt.Sprintf("there is no flag %s%s%s", dashes, given, hint(cmd, "--", nearest.To(given, flagNames(cmd))))
}

// invalid says why a value does not fit its flag.
func invalid(e *pflag.InvalidValueError) string {
	switch e.GetFlag().Value.Type() {
	case "duration":
		if _, err := strconv.ParseUint(e.GetValue(), 10, 32); err == nil {
			return fmt.Sprintf("has no unit: use %ss for seconds, or m for minutes and h for hours", e.GetValue())
		}
		return "is not a duration: write a number and a unit, such as 90s, 5m or 1h30m"
	case "int":
		return "is not a whole number, or too large"
	case "uint64":
		return "is not a whole number from 0 on, or too large"
	case "bool":
		return "must be true or false"
	}
	return "cannot be used: " + errors.Unwrap(e).Error()
}

// flagNames returns the names of a command's flags.
func flagNames(cmd *cobra.Command) []string {
	var all []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	return all
}
