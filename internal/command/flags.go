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
	if owners := commandsWith(cmd, given); dashes == "--" && len(owners) > 0 {
		return fmt.Sprintf("--%s must follow the command to which it belongs: %s", given, strings.Join(owners, ", "))
	}
	return fmt.Sprintf("there is no flag %s%s%s", dashes, given, hint(cmd, "--", nearest.To(given, flagNames(cmd))))
}

// invalid says why a value does not fit its flag.
func invalid(e *pflag.InvalidValueError) string {
	switch e.GetFlag().Value.Type() {
	case "duration":
		if _, err := strconv.ParseUint(e.GetValue(), 10, 32); err == nil {
			return fmt.Sprintf("has no unit: write %[1]ss for seconds, %[1]sm for minutes or %[1]sh for hours", e.GetValue())
		}
		return "is not a duration: write a number and a unit (s, m or h), such as 90s, 5m or 1h30m"
	case "int", "uint64":
		switch {
		case errors.Is(e, strconv.ErrRange):
			return "is out of range"
		case e.GetFlag().Value.Type() == "uint64":
			return "is not a whole number from 0 upwards"
		}
		return "is not a whole number"
	case "bool":
		return "is neither true nor false"
	}
	return "cannot be used: " + errors.Unwrap(e).Error()
}

// flagNames returns the names of a command's flags.
func flagNames(cmd *cobra.Command) []string {
	var all []string
	cmd.Flags().VisitAll(func(f *pflag.Flag) { all = append(all, f.Name) })
	return all
}

// commandsWith returns the paths of the commands below a command that have the flag.
func commandsWith(parent *cobra.Command, flag string) []string {
	var paths []string
	for _, c := range parent.Commands() {
		if c.IsAvailableCommand() && c.LocalFlags().Lookup(flag) != nil {
			paths = append(paths, c.CommandPath())
		}
		paths = append(paths, commandsWith(c, flag)...)
	}
	return paths
}

// noEmptyFlag refuses a flag with an empty text, which is often that of a shell variable that is not set: cache clear
// must not remove everything then.
func noEmptyFlag(cmd *cobra.Command) error {
	var err error
	cmd.Flags().Visit(func(f *pflag.Flag) {
		list, isList := f.Value.(pflag.SliceValue)
		if err == nil && (f.Value.Type() == "string" && f.Value.String() == "" || isList && strings.Join(list.GetSlice(), "") == "") {
			err = &usageError{cmd, fmt.Sprintf("--%s is empty: give it a value; see %s --help", f.Name, cmd.CommandPath())}
		}
	})
	return err
}
