package command

import (
	"fmt"

	"roster/internal/access"
)

// key creates an API key. The key is printed only once; the configuration has its hash.
func (p *program) key() error {
	if len(p.args) > 0 && len(p.args[0]) > 0 && p.args[0][0] != '-' {
		p.args = append(p.args[1:], "--name="+p.args[0])
	}
	name := p.String("name", "NAME", "whose it is")
	if err := p.parse(); err != nil {
		return err
	}
	key, hash := access.NewKey()
	fmt.Fprintf(p.stdout, `%s

Give it to the caller, who sends it as Authorization: Bearer …; it is shown only now. In the configuration:

access:
  keys:
    - { name: %s, hash: "%s", scopes: ["%s"] }
`, key, *name, hash, access.ScopeRead)
	return nil
}
