package rocketchat

import (
	"encoding/json"

	"roster/connectors"
)

// hooks describes Rocket.Chat's outgoing webhooks. The only event about the directory is userCreated, and one version of the server sends nothing with it
// but the token.
//
// https://github.com/RocketChat/Rocket.Chat-Open-API
var hooks = connectors.Hooks{Collections: []connectors.Collection{connectors.Accounts}, Token: hookToken}

// hookToken returns the token of a body.
func hookToken(body []byte) string {
	var in struct {
		Token string `json:"token"`
	}
	if json.Unmarshal(body, &in) != nil {
		return ""
	}
	return in.Token
}
