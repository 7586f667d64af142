package altcraft

import (
	"time"

	"roster/connectors"
)

// Name is the kind's name.
const Name connectors.KindName = "altcraft"

// defaultLimit is a guess on the careful side: the vendor documents no limit.
var defaultLimit = connectors.RateLimit{Calls: 5, Per: time.Second, Parallel: 2}

// Settings are the kind's own settings.
type Settings struct {
	Token     connectors.Secret `key:"token" doc:"A token of the admin API."`
	AccountID int64             `key:"account_id" min:"1" doc:"The account whose users to read."`
	Format    string            `key:"format" oneof:"json xml" default:"json" doc:"The format of requests and answers."`
}

// neverShown is what an administrator enters for a user and no list should return.
var neverShown = []string{"password", "token"}

// Kind describes Altcraft to the program.
var Kind = connectors.Kind{
	Name: Name, Title: "Altcraft", Settings: func() any { return new(Settings) }, Open: Open,
	Details: func() connectors.Details { return new(Details) }, AccountType: "AltcraftAccount", NeverShown: neverShown,
	Collections: []connectors.KindCollection{{Collection: connectors.Accounts, Guide: "native"}},
	Never: []connectors.NeverOffered{{
		Collection: connectors.Accounts, Fields: []connectors.RecordField{
			connectors.FieldTitle, connectors.FieldDepartment, connectors.FieldAddresses, connectors.FieldAvatarURL, connectors.FieldBot, connectors.FieldRoles,
			connectors.FieldTeams, connectors.FieldURL, connectors.FieldCreatedAt,
		},
		Origin: "the fields of a user: https://guides.altcraft.com/en/v73/admin-guide/admin-api/users/get-users-list",
	}},
	Guide: connectors.Guide{
		Paging: "none", Authentication: "token in the body", RateLimit: "5 calls in 1 s, 2 at a time", CountedBy: "host",
		Credentials: []connectors.CredentialGuide{{
			From:    "`token`: *Settings → Access → API tokens* of the administration panel; `account_id`: the number of the account whose users to read",
			Needs:   "an admin token. A token of an account's own settings is refused",
			Without: "nothing is read",
		}},
		Notes: []string{
			"An admin token sees every account of the installation. Roster asks only for the one in `account_id`. It uses JSON, or XML with `format: xml`.",
			"The vendor documents no rate limit, so this one is a careful guess.",
		},
	},
}
