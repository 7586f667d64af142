package worksection

import (
	"context"

	"roster/connectors"
)

var _ connectors.Prober = (*client)(nil)

// Probe reads the two short lists. Between them they tell whether the key is accepted, and which of the two scopes that a key may be
// limited to it has.
func (c *client) Probe(ctx context.Context) ([]connectors.Finding, error) {
	var findings []connectors.Finding
	for _, p := range []struct{ action, what, scope string }{
		{actionUserGroups, "users and teams", "users_read"},
		{actionContactGroups, "contacts and contact folders", "contacts_read"},
	} {
		_, err := c.call(ctx, p.action)
		switch {
		case err == nil:
			findings = append(findings, connectors.Finding{What: p.what, OK: true})
		case connectors.IsKind(err, connectors.KindForbidden):
			findings = append(findings, connectors.Finding{What: p.what, Note: "give the key or the application the scope " + p.scope})
		default:
			return findings, err
		}
	}
	return findings, nil
}
