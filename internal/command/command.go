package command

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"

	"roster/internal/config"
)

const usage = `Roster serves one GraphQL graph over the systems in which a company keeps its people.

  roster demo   [--listen 127.0.0.1:8080] [--people 1000] [--seed 1] [--limits]   an invented company, with nothing to set up
                [--write-config FILE] [--systems 127.0.0.1:0]                     and for serve and check to read as well
                [--without SYSTEM,SYSTEM]                                         with these of its systems down
  roster serve  [--config roster.yaml] [--listen 127.0.0.1:8080] [--insecure-serve-everyone]   the systems named in the configuration
  roster check  [--config roster.yaml] [--timeout 5m]                             asks each of them what its credential can see
  roster cache clear [--source NAME] [--config roster.yaml]                       removes what is kept beside the memory
  roster key    [NAME]                                                            makes an API key, and the line to configure for it
  roster schema [--federation | --client] [--prefix Roster] [--security-directives]   prints the schema, for a router or for clients
`

// ErrUsage reports a wrong command line; the reason has been printed.
var ErrUsage = errors.New("usage")

// program is one call of the program: a command, its arguments, and its outputs.
type program struct {
	*flag.FlagSet
	args           []string
	stdout, stderr io.Writer
}

// Run runs the program with these arguments, until the command is done or ctx ends. The error is ErrUsage if the command line is wrong.
func Run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) == 0 {
		fmt.Fprint(stderr, usage)
		return ErrUsage
	}
	p := &program{FlagSet: flag.NewFlagSet(args[0], flag.ContinueOnError), args: args[1:], stdout: stdout, stderr: stderr}
	p.SetOutput(stderr)
	p.Usage = func() {} // the error message is enough; -h prints the help
	var err error
	switch args[0] {
	case "demo":
		err = p.demo(ctx)
	case "serve":
		err = p.serve(ctx)
	case "check":
		err = p.check(ctx)
	case "cache":
		err = p.cache(ctx)
	case "key":
		err = p.key()
	case "schema":
		err = p.schema()
	case "help", "-h", "-help", "--help":
		err = flag.ErrHelp
	default:
		fmt.Fprintf(stderr, "roster: there is no command %q\n\n%s", args[0], usage)
		return ErrUsage
	}
	if errors.Is(err, flag.ErrHelp) {
		_, err = io.WriteString(stdout, usage)
	}
	return err
}

// parse parses the flags and refuses other arguments. The error is flag.ErrHelp if help was requested.
func (p *program) parse() error {
	switch err := p.Parse(p.args); {
	case errors.Is(err, flag.ErrHelp):
		return err
	case err != nil:
		return ErrUsage
	case p.NArg() > 0:
		fmt.Fprintf(p.stderr, "roster %s: %q is not understood\n", p.Name(), p.Arg(0))
		return ErrUsage
	}
	return nil
}

func load(file *config.File) (*config.Config, error) {
	cfg, err := file.Load()
	if err != nil {
		return nil, fmt.Errorf("the configuration is not usable (roster demo needs none):\n%w", err)
	}
	return cfg, nil
}
