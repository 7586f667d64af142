package rocketchat

import (
	"regexp"
	"time"

	"roster/connectors"
)

// Name is the kind's name.
const Name connectors.KindName = "rocketchat"

// defaultLimit is the server's own default, which it counts for each route and address by itself. The second more is for the way that a
// call takes: the window must not look shorter over there.
var defaultLimit = connectors.RateLimit{Calls: 10, Per: 61 * time.Second}

// Settings are the kind's own settings.
type Settings struct {
	UserID    string            `key:"user_id" doc:"The ID of the user to whom the token belongs."`
	AuthToken connectors.Secret `key:"auth_token" doc:"A personal access token."`
	UserInfo  bool              `key:"user_info" default:"false" doc:"Asks for each user with a call of its own (users.info), if custom_fields or an anchor name a custom field. Servers from 7.0 tell custom fields in no other way, unless they run with ALLOW_UNSAFE_QUERY_AND_FIELDS_API_PARAMS. With the default rate_limit, these are 10 users a minute: give the user the permission api-bypass-rate-limit, and raise rate_limit."`
	Realtime  bool              `key:"realtime" default:"false" doc:"Receives presence over a WebSocket, as it changes, instead of asking for it. A proxy in front of the server must pass WebSockets on. While there is no connection, Roster asks. Rocket.Chat does not say whether a personal access token may log in there: the log says if the server refuses it."`
}

// neverShown is what the server keeps of a user besides the profile: logins and their tokens (services), tokens of invitations and rooms, keys of
// encryption, preferences, and IDs of imports. The server should list none of it; some versions and the caller's own row do.
var neverShown = []string{"services", "inviteToken", "joinCode", "members", "importIds", "e2e", "settings"}

var userIDForm = regexp.MustCompile(`^[!-~]+$`) // it travels in a header

// Check returns what is wrong with the settings.
func (s *Settings) Check() []connectors.SettingFault {
	if s.UserID != "" && !userIDForm.MatchString(s.UserID) {
		return []connectors.SettingFault{{Key: "user_id", Message: "contains a space or another character that no ID has"}}
	}
	return nil
}

// Kind describes Rocket.Chat to the program.
var Kind = connectors.Kind{
	Name: Name, Title: "Rocket.Chat", Settings: func() any { return new(Settings) }, Open: Open,
	Details: func() connectors.Details { return new(Details) }, AccountType: "RocketChatAccount", NeverShown: neverShown,
	Lists: map[string]func(*connectors.Account) int{
		"emails": func(a *connectors.Account) int { return len(a.Emails) }, // what is shown may be fewer, and is never more
	},
	Collections: []connectors.KindCollection{
		{Collection: connectors.Accounts, Guide: "native"},
		{Collection: connectors.Teams, Guide: "native, with members"},
		{Collection: connectors.Roles, Guide: "native"},
	},
	Never: []connectors.NeverOffered{
		{
			Collection: connectors.Accounts, Fields: []connectors.RecordField{
				connectors.FieldFirstName, connectors.FieldLastName, connectors.FieldTitle, connectors.FieldDepartment, connectors.FieldPhones,
				connectors.FieldAddresses, connectors.FieldLocale, connectors.FieldURL, connectors.FieldCreatedAt,
			},
			Origin: "the rows of users.list: https://github.com/RocketChat/Rocket.Chat-Open-API, user-management",
		},
		{
			Collection: connectors.Roles, Fields: []connectors.RecordField{connectors.FieldPermissions},
			Origin: "the rows of roles.list: https://github.com/RocketChat/developer-docs",
		},
	},
	EmailTrust: connectors.TrustVerified,
	Hooks:      hooks,
	Guide: connectors.Guide{
		Hooks:    "new users",
		Presence: "native, asked live, or received over a WebSocket with `realtime`", Paging: "100 a page, with overlap", Authentication: "user ID and token in headers",
		RateLimit: "10 calls in 61 s for each route, or fewer if the server says so", CountedBy: "host and route",
		Credentials: []connectors.CredentialGuide{
			{
				From:    "`user_id`, `auth_token`: a personal access token of a dedicated user, created so that it bypasses the second factor",
				Needs:   "`view-d-room` (and `view-outside-room` if the server asks for it)",
				Without: "users are missing",
			},
			{Needs: "`view-full-other-user-info`", Without: "addresses and roles are null, so its accounts join nobody"},
			{Needs: "`view-all-teams`", Without: "teams are missing"},
			{Needs: "`api-bypass-rate-limit` (the role `bot` has it), with `rate_limit` raised", Without: "about 1000 users or 10 teams a minute"},
		},
		Notes: []string{
			"Server versions 6 to 9 are known to work.",
			"Custom fields (`custom_fields`, and anchors that name one) are asked for only where they are configured. Versions before 7.0, and 7 and 8 with " +
				"`ALLOW_UNSAFE_QUERY_AND_FIELDS_API_PARAMS=TRUE`, list them with the users, for no more calls. All others ignore or refuse that: " +
				"set `user_info`, for one call for each user. Without `view-full-other-user-info`, only public custom fields are shown.",
			"If no user of a list has custom fields, Roster cannot tell whether the server does not list them or nobody has any: see `not sent` in " +
				"[freshness.md](freshness.md). A fetch with `user_info` that fails goes on where it stopped, up to 6 hours after it " +
				"began. With more than about 3,500 users at the default `rate_limit`, raise it.",
		},
	},
}
