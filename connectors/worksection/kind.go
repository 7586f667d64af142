package worksection

import (
	"time"

	"roster/connectors"
)

// Name is the kind's name.
const Name connectors.KindName = "worksection"

// defaultLimit stays a little below the vendor's one request a second, since its clock and ours see the calls at different times.
var defaultLimit = connectors.RateLimit{Calls: 1, Per: 1100 * time.Millisecond}

// Settings are the kind's own settings.
type Settings struct {
	APIKey  connectors.Secret `key:"api_key" or:"oauth" default:"(oauth)" doc:"The account's API key. Either this or oauth is required."`
	Signing string            `key:"signing" oneof:"md5 hmac" default:"md5" doc:"How api_key signs: md5, a hash in the query, as the vendor documents; or hmac, a header with the time, as the vendor's own clients send."`
	OAuth   *connectors.OAuth `key:"oauth" default:"(none)" doc:"Tokens that Roster renews. They need credentials_dir, or a redis that is durable and has an encryption_key."`
}

// neverShown is what the vendor's calls are signed with, and what a token of a user comes with. No list should return it.
var neverShown = []string{"hash", "api_key", "access_token", "refresh_token", "client_secret"}

// Renewed returns the credential that is renewed; nil for none.
func (s *Settings) Renewed() *connectors.OAuth { return s.OAuth }

// Kind describes Worksection to the program.
var Kind = connectors.Kind{
	Name: Name, Title: "Worksection", Settings: func() any { return new(Settings) }, Open: Open,
	Details: func() connectors.Details { return new(Details) }, AccountType: "WorksectionAccount", NeverShown: neverShown, CallerHeader: "X-Roster-Worksection-Token",
	Lists: map[string]func(*connectors.Account) int{
		"chats":   func(a *connectors.Account) int { return len(connectors.DetailsOf[Details](a).Chats) },
		"socials": func(a *connectors.Account) int { return len(connectors.DetailsOf[Details](a).Socials) },
	},
	Collections: []connectors.KindCollection{
		{Collection: connectors.Accounts, Guide: "native"},
		{Collection: connectors.Teams, Guide: "native, and derived if a member names a team that is not listed"},
		{Collection: connectors.Contacts, Guide: "native"},
		{Collection: connectors.ContactFolders, Guide: "native, and derived if a contact names a folder that is not listed"},
	},
	Never: []connectors.NeverOffered{
		{
			Collection: connectors.Accounts, Fields: []connectors.RecordField{connectors.FieldUsername, connectors.FieldLocale, connectors.FieldBot},
			Origin: "the fields of get_users: https://worksection.com/faq/api-start.html, \"members\"",
		},
		{
			Collection: connectors.Contacts, Fields: []connectors.RecordField{connectors.FieldTags, connectors.FieldOwner, connectors.FieldUpdatedAt},
			Origin: "the fields of get_contacts: https://worksection.com/faq/api-start.html, \"contacts\"",
		},
	},
	Guide: connectors.Guide{
		Mentioned: map[connectors.Collection]string{connectors.Roles: "derived from the members"},
		Writing:   "users, teams, contacts, contact folders, task subscriptions", Paging: "none: at most 10,000 rows in a list",
		Authentication: "API key, which signs each URL with MD5", RateLimit: "1 call in 1.1 s", CountedBy: "account",
		Credentials: []connectors.CredentialGuide{{
			From:    "`api_key`: *Account → API → Show API key*, for the account's owner only; or a key under *Administration → API → Apps*. Or `oauth`",
			Needs:   "a key or an application that is limited by scopes: `users_read`, `contacts_read`; for writing also `users_write`, `contacts_write`, and for task subscriptions `tasks_read`, `tasks_write`",
			Without: "the lists that it may not see are missing; what it may not write is `REJECTED`",
		}},
		Notes: []string{
			"`api_key` signs with MD5, as documented. `signing: hmac` selects the scheme of the vendor's own clients.",
			"With `oauth`, Roster renews tokens that expire: [oauth.md](oauth.md).",
		},
	},
}
