package command

import (
	"errors"
	"flag"
	"fmt"
	"io"

	"roster/graph"
	"roster/internal/config"
)

func (p *program) schema() error {
	p.Bool("federation", true, "as a subgraph states it to a federation router")
	client := p.Bool("client", false, "as clients see it")
	prefix := p.String("prefix", "", "what begins its names, as federation.prefix")
	security := p.Bool("security-directives", false, "with @requiresScopes, as it is served where a credential has router: true")
	if err := p.parse(); err != nil {
		return err
	}
	given := make(map[string]bool)
	p.Visit(func(f *flag.Flag) { given[f.Name] = true })
	if *client && (given["federation"] || *security) {
		fmt.Fprintln(p.stderr, "roster schema: --client goes with neither --federation nor --security-directives")
		return ErrUsage
	}
	if *prefix != "" && !config.IsPrefix(*prefix) {
		return errors.New("--prefix: " + config.PrefixForm)
	}
	options := graph.Options{Prefix: *prefix, SecurityDirectives: *security}
	text := graph.Federation(options)
	if *client {
		text = graph.Client(options)
	}
	_, err := io.WriteString(p.stdout, text)
	return err
}
