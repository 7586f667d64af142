package sandbox

import (
	"maps"

	"roster/connectors"
)

// The kinds of sources that the company has.
const (
	Worksection connectors.KindName = "worksection"
	Kommo       connectors.KindName = "kommo"
	Altcraft    connectors.KindName = "altcraft"
	RocketChat  connectors.KindName = "rocketchat"
)

// Kinds lists them in the usual order.
var Kinds = [...]connectors.KindName{Worksection, Kommo, Altcraft, RocketChat}

// credentials are the settings with which the fakes are read, by their keys.
var credentials = map[connectors.KindName]map[string]any{
	Worksection: {"api_key": worksectionKey},
	Kommo:       {"access_token": kommoToken},
	Altcraft:    {"token": altcraftToken, "account_id": AltcraftAccountID},
	RocketChat:  {"user_id": serviceUserID, "auth_token": rocketChatToken},
}

// Credentials gives the settings, by their keys, with which a fake of that kind is read.
func Credentials(kind connectors.KindName) map[string]any { return maps.Clone(credentials[kind]) }
