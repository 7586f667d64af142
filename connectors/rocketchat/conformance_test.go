package rocketchat_test

import (
	"fmt"
	"testing"

	"roster/connectors"
	"roster/connectors/conntest"
	"roster/connectors/rocketchat"
	"roster/connectors/rocketchat/fake"
)

func TestConformance(t *testing.T) {
	t.Parallel()
	conntest.Run(t, subject())
}

func TestMemory(t *testing.T) { //nolint:paralleltest // measures what is allocated
	conntest.Memory(t, subject())
}

func subject() conntest.Subject {
	data := fake.Data{
		Credentials: []fake.Credential{{UserID: "conformance-user", Token: "conformance-token", Permissions: []fake.Permission{
			fake.ViewDirect, fake.ViewFullOtherUser, fake.ViewAllTeams,
		}}},
		Roles: []fake.Role{{ID: "admin"}, {ID: "user"}, {ID: "owner", Scope: "Subscriptions"}},
	}
	everyone := fake.Team{ID: "6650a1b2c3d4e5f6", Name: "everyone"}
	for i := range 230 {
		id := fmt.Sprintf("u%03d", i)
		data.Users = append(data.Users, fake.User{ID: id, Username: id, Status: []string{"online", "away", ""}[i%3], AvatarETag: "tag",
			Emails: []fake.Email{{Address: id + "@acme.example"}}, Roles: []string{"user"}})
		everyone.Members = append(everyone.Members, fake.Member{UserID: id})
	}
	data.Teams = []fake.Team{everyone, {ID: "1250a1b2c3d4e5f6", Name: "nobody"}}
	return conntest.Subject{
		Open:   rocketchat.Open,
		Kind:   &rocketchat.Kind,
		Config: connectors.Config{Kind: rocketchat.Name, Settings: &rocketchat.Settings{UserID: "conformance-user", AuthToken: "conformance-token"}},
		Fake:   fake.New(data, fake.Options{NoLimits: true, Prefix: conntest.Prefix}),
		Totals: []string{"total"},
	}
}
