package worksection

import (
	"strings"

	"roster/connectors"
)

// invited puts the common scale into the roles that add_user takes.
var invited = map[connectors.AccessLevel]string{
	connectors.AccessMember: "user", connectors.AccessGuest: "guest", connectors.AccessReader: "reader",
}

// userParams are add_user's. Without a team the vendor puts the member into that of the key's owner, without a role it makes a user.
func userParams(in connectors.Invitation) []param {
	team := ""
	if in.Team != nil {
		team = in.Team.Name
	}
	return given(param{"email", in.Email}, param{"first_name", in.FirstName}, param{"last_name", in.LastName}, param{"title", in.Title},
		param{"group", team}, param{"department", in.Department}, param{"role", invited[in.Access]})
}

// teamParams are add_user_group's.
func teamParams(in connectors.NewTeam) []param {
	client := ""
	if in.Kind == connectors.TeamClient {
		client = "1"
	}
	return given(param{"title", in.Name}, param{"client", client})
}

// contactParams are add_contact's. A folder goes by its name, although one of the vendor's own examples gives an ID.
func contactParams(in connectors.NewContact) []param {
	folder := ""
	if in.Folder != nil {
		folder = in.Folder.Name
	}
	params := []param{{"email", in.Email}, {"name", in.Name}, {"title", in.Title}, {"group", folder}}
	for _, n := range []struct {
		name string
		kind connectors.PhoneKind
	}{{"phone", connectors.PhoneMain}, {"phone2", connectors.PhoneOffice}, {"phone3", connectors.PhoneMobile}, {"phone4", connectors.PhoneHome}} {
		for _, phone := range in.Phones {
			if phone.Kind == n.kind {
				params = append(params, param{n.name, phone.Raw})
			}
		}
	}
	for i, name := range []string{"address", "address2"} {
		if i < len(in.Addresses) {
			params = append(params, param{name, in.Addresses[i]})
		}
	}
	return given(params...)
}

// folderParams are add_contact_group's.
func folderParams(in connectors.NewContactFolder) []param { return given(param{"title", in.Name}) }

// taskParams are those of subscribe and unsubscribe.
func taskParams(in connectors.Subscription) []param {
	return given(param{"id_task", in.TaskID}, param{"email_user", in.Email})
}

func completeAccount(a *connectors.Account, in connectors.Invitation) {
	if len(a.Emails) == 0 {
		a.Emails = emails(in.Email)
	}
	if a.Roles == nil && in.Access != connectors.AccessNone {
		role := invited[in.Access]
		a.Access, a.Roles = roles(&role)
	}
	if a.Teams == nil && in.Team != nil {
		a.Teams = teams(&in.Team.Name)
	}
}

func completeTeam(t *connectors.Team, in connectors.NewTeam) {
	if t.Name == "" {
		t.Name = strings.TrimSpace(in.Name)
	}
}

func completeContact(c *connectors.Contact, in connectors.NewContact) {
	if len(c.Emails) == 0 {
		c.Emails = emails(in.Email)
	}
	if c.Name == "" {
		c.Name = strings.TrimSpace(in.Name)
	}
	if c.Folder == nil && in.Folder != nil {
		c.Folder = folderOf(&in.Folder.Name)
	}
}

func completeFolder(f *connectors.ContactFolder, in connectors.NewContactFolder) {
	if f.Name == "" {
		f.Name = strings.TrimSpace(in.Name)
	}
}
