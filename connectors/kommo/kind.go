package kommo

import (
	"time"

	"roster/connectors"
)

// Name is the kind's name.
const Name connectors.KindName = "kommo"

// defaultLimit stays below the 7 calls per second that Kommo allows: whoever keeps calling above them is banned until support helps, and
// other integrations of the account may share the same allowance.
var defaultLimit = connectors.RateLimit{Calls: 5, Per: time.Second}

// Settings are the kind's own settings.
type Settings struct {
	AccessToken connectors.Secret `key:"access_token" or:"oauth" default:"(oauth)" doc:"A long-lived token. Either this or oauth is required."`
	OAuth       *connectors.OAuth `key:"oauth" needs:"redirect_uri" default:"(none)" doc:"Tokens that Roster renews. They need credentials_dir, or a redis that is durable and has an encryption_key."`
}

// neverShown is what a user is created with and no list should return.
var neverShown = []string{"password"}

// Renewed returns the credential that is renewed; nil for none.
func (s *Settings) Renewed() *connectors.OAuth { return s.OAuth }

// Kind describes Kommo to the program.
var Kind = connectors.Kind{
	Name: Name, Title: "Kommo", Settings: func() any { return new(Settings) }, Open: Open,
	Details: func() connectors.Details { return new(Details) }, AccountType: "KommoAccount", NeverShown: neverShown, ContactFields: true,
	Lists: map[string]func(*connectors.Account) int{
		"permissions":      func(a *connectors.Account) int { return len(connectors.DetailsOf[Details](a).Permissions) },
		"stagePermissions": func(a *connectors.Account) int { return len(connectors.DetailsOf[Details](a).StagePermissions) },
	},
	Collections: []connectors.KindCollection{
		{Collection: connectors.Accounts, Guide: "native"},
		{Collection: connectors.Teams, Guide: "native: its groups"},
		{Collection: connectors.Roles, Guide: "native, with permissions"},
		{Collection: connectors.Contacts, Guide: "native", Incremental: true},
	},
	Never: []connectors.NeverOffered{
		{
			Collection: connectors.Accounts, Fields: []connectors.RecordField{
				connectors.FieldFirstName, connectors.FieldLastName, connectors.FieldUsername, connectors.FieldTitle, connectors.FieldDepartment,
				connectors.FieldAddresses, connectors.FieldAvatarURL, connectors.FieldBot, connectors.FieldURL, connectors.FieldCreatedAt,
			},
			Origin: "the fields of a user: https://developers.kommo.com/reference/users-list",
		},
		{
			Collection: connectors.Roles, Fields: []connectors.RecordField{connectors.FieldDescription},
			Origin: "the fields of a role: https://developers.kommo.com/reference/user-roles-list",
		},
		{
			Collection: connectors.Contacts, Fields: []connectors.RecordField{
				connectors.FieldTitle, connectors.FieldAddresses, connectors.FieldFolder, connectors.FieldURL,
			},
			Origin: "the fields of a contact, without those that a customer adds: https://developers.kommo.com/reference/contacts-list",
		},
	},
	Hooks: hooks,
	Guide: connectors.Guide{
		Hooks:  "contacts",
		Paging: "250 a page; contacts with overlap, and incrementally", Authentication: "bearer token",
		RateLimit: "5 calls in 1 s, and 7 in 1.1 s for all accounts", CountedBy: "account; all accounts together",
		Credentials: []connectors.CredentialGuide{{
			From:    "`access_token`: a long-lived token of a private integration, for 1 day to 5 years, shown once. Or `oauth`",
			Needs:   "an administrator of the account",
			Without: "users and roles are missing; teams and contacts are read",
		}},
		Notes: []string{
			"An `access_token` is used as it is. `check`, the log (once a day) and `sources { credential }` warn three weeks before it ends.",
			"Custom fields of contacts (`custom_fields`) come with the contacts, for no more calls. The `path` is the ID of a field, or its code or name; only " +
				"an ID stays when somebody renames the field (`field_id`, `field_code`, `field_name` in the answers of `GET /api/v4/contacts`).",
			"With `oauth`, Roster renews tokens that expire: [oauth.md](oauth.md).",
		},
	},
}
