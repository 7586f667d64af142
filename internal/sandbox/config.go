package sandbox

import (
	"fmt"
	"strings"

	"roster/connectors"
)

// Config writes a configuration with which `serve` and `check` of other processes read this company: what an operator would write, on a port of
// its own. The credentials in it open invented data only.
func (s *Sandbox) Config(listen string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "listen: %s\nsources:\n", listen)
	for _, c := range s.Sources() {
		fmt.Fprintf(&b, "  - name: %s\n    kind: %s\n    url: %s\n", c.Name, c.Kind, c.URL)
		switch c.Kind {
		case connectors.Worksection:
			fmt.Fprintf(&b, "    api_key: %s\n", c.APIKey.Reveal())
		case connectors.Kommo:
			fmt.Fprintf(&b, "    access_token: %s\n", c.AccessToken.Reveal())
		case connectors.Altcraft:
			fmt.Fprintf(&b, "    token: %s\n    account_id: %d\n", c.Token.Reveal(), c.AccountID)
		case connectors.RocketChat:
			fmt.Fprintf(&b, "    user_id: %s\n    auth_token: %s\n", c.UserID, c.AuthToken.Reveal())
		}
		fmt.Fprintf(&b, "    time_zone: %s\n    phone_region: %s\n", zoneName, region)
		if !s.limits { // no limit can be configured; this one is never met
			b.WriteString("    rate_limit: { calls: 1000000, per: 1ms }\n")
		}
	}
	return b.String()
}
