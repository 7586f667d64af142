package worksection

import (
	"maps"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"

	"roster/connectors"
	"roster/connectors/decode"
)

// access has the access levels of the vendor's roles.
var access = map[string]connectors.AccessLevel{
	"owner":            connectors.AccessOwner,
	"account admin":    connectors.AccessAdmin,
	"team admin":       connectors.AccessManager,
	"department admin": connectors.AccessManager,
	"user":             connectors.AccessMember,
	"guest":            connectors.AccessGuest,
	"reader":           connectors.AccessReader,
}

// converter converts rows to records, with the time zone and region that the vendor does not send.
type converter struct {
	zone   *time.Location // of dates
	region string         // of national phone numbers
	keep   decode.Keep    // of the rows of get_users
}

// listed returns the account of a row of get_users, with what is kept of the row.
func (c converter) listed(m decode.Value) connectors.Account {
	a := c.account(m)
	a.Extra = c.keep.Extra(m)
	return a
}

// account returns the account of a row of get_users, or of the answers of me and add_user.
func (c converter) account(m decode.Value) connectors.Account {
	level, roles := roles(m.OptionalText("role"))
	services := m.Object("services")
	return connectors.Account{
		ID:         rowID(m),
		Name:       text(m, "name"),
		FirstName:  text(m, "first_name"),
		LastName:   text(m, "last_name"),
		Title:      text(m, "title"),
		Department: text(m, "department"),
		Emails:     emails(m.Text("email")),
		Phones:     c.phones(m),
		Addresses:  addresses(m),
		AvatarURL:  avatar(m.Text("avatar")),
		Active:     true, // deactivated members are not listed
		Access:     level,
		Roles:      roles,
		Teams:      teams(m.OptionalText("group")),
		URL:        webURL(m.Text("url")),
		CreatedAt:  c.added(m),
		Details: &Details{
			Rate:          m.Float("rate"),
			Chats:         handles(services, "chats"),
			Socials:       handles(services, "socials"),
			OtherContacts: text(m, "contacts"),
		},
	}
}

// contact returns the contact of a row of get_contacts, or of the answer of add_contact.
func (c converter) contact(p decode.Value) connectors.Contact {
	return connectors.Contact{
		ID:        rowID(p),
		Name:      text(p, "name"),
		FirstName: text(p, "first_name"),
		LastName:  text(p, "last_name"),
		Title:     text(p, "title"),
		Emails:    emails(p.Text("email")),
		Phones:    c.phones(p),
		Addresses: addresses(p),
		Folder:    folderOf(p.OptionalText("group")),
		URL:       webURL(p.Text("url")),
		CreatedAt: c.added(p),
	}
}

// team returns the team of a row of get_user_groups. If its kind cannot be read, it is an ordinary group.
func team(g decode.Value) connectors.Team {
	kind := connectors.TeamCompany
	switch g.Flag("client") {
	case decode.Yes:
		kind = connectors.TeamClient
	case decode.Unreadable:
		kind = connectors.TeamGroup
	}
	return connectors.Team{ID: rowID(g), Name: text(g, "title"), Kind: kind}
}

// folder returns the folder of a row of get_contact_groups. IDs of presets are numbers, other IDs are texts.
func folder(g decode.Value) connectors.ContactFolder {
	kind := connectors.FolderCustom
	if g.Text("type") == "preset" {
		kind = connectors.FolderPreset
	}
	return connectors.ContactFolder{ID: rowID(g), Name: text(g, "title"), Kind: kind}
}

func rowID(row decode.Value) string { return row.RowID("id", nil) }

func text(v decode.Value, key string) string { return strings.TrimSpace(v.Text(key)) }

// roles returns the role of a member. The ID is in lower case, because its case differs between answers.
func roles(role *string) (connectors.AccessLevel, []connectors.RoleRef) {
	if role == nil {
		return connectors.AccessUnknown, nil
	}
	name := strings.ToLower(strings.TrimSpace(*role))
	if name == "" {
		return connectors.AccessUnknown, []connectors.RoleRef{}
	}
	level, ok := access[name]
	if !ok {
		level = connectors.AccessUnknown
	}
	return level, []connectors.RoleRef{{ID: name, Access: level}}
}

// teams returns the team of a member. The vendor sends its name and no ID.
func teams(group *string) []connectors.TeamRef {
	if group == nil {
		return nil
	}
	refs := []connectors.TeamRef{}
	if name := strings.TrimSpace(*group); name != "" {
		refs = append(refs, connectors.TeamRef{Name: name})
	}
	return refs
}

func folderOf(group *string) *connectors.FolderRef {
	if group == nil || strings.TrimSpace(*group) == "" {
		return nil
	}
	return &connectors.FolderRef{Name: strings.TrimSpace(*group)}
}

// emails returns the addresses. It is never nil, because an administrator's key sees every address.
func emails(address string) []connectors.Email {
	address = strings.TrimSpace(address)
	if address == "" {
		return []connectors.Email{}
	}
	return []connectors.Email{{Address: address, Synthetic: synthetic(address)}}
}

// synthetic recognises <id>@<id>.worksection.com, which the vendor generates for members without a mailbox.
func synthetic(address string) bool {
	local, host, _ := strings.Cut(strings.ToLower(address), "@")
	return local != "" && strings.Trim(local, "0123456789") == "" && host == local+".worksection.com"
}

func (c converter) phones(p decode.Value) []connectors.Phone {
	var phones []connectors.Phone
	for _, n := range []struct {
		key  string
		kind connectors.PhoneKind
	}{
		{"phone", connectors.PhoneMain},
		{"phone2", connectors.PhoneOffice},
		{"phone3", connectors.PhoneMobile},
		{"phone4", connectors.PhoneHome},
	} {
		if phone, ok := connectors.ParsePhone(p.Text(n.key), c.region, n.kind); ok {
			phones = append(phones, phone)
		}
	}
	return phones
}

func addresses(p decode.Value) []string {
	var lines []string
	for _, key := range [...]string{"address", "address2"} {
		if a := text(p, key); a != "" {
			lines = append(lines, a)
		}
	}
	return lines
}

// added returns the time of the invitation. The vendor sends no time zone, and has two spellings of the key.
func (c converter) added(p decode.Value) time.Time {
	const layout = "2006-01-02 15:04"
	if t := p.Time("date_added", layout, c.zone); !t.IsZero() {
		return t
	}
	return p.Time("data_added", layout, c.zone)
}

// handles returns a member's names on other services, sorted by service, because a JSON object has no order.
func handles(services decode.Value, key string) []connectors.Handle {
	var all []connectors.Handle
	names := services.Texts(key)
	for _, service := range slices.Sorted(maps.Keys(names)) {
		if name := strings.TrimSpace(names[service]); name != "" {
			all = append(all, connectors.Handle{Service: service, Value: name})
		}
	}
	return all
}

// avatar returns the address of the picture; empty for a default picture.
func avatar(raw string) string {
	raw = webURL(raw)
	u, err := url.Parse(raw)
	if err != nil || strings.Contains(u.Path, "/images/avatar/") {
		return ""
	}
	switch path.Base(u.Path) {
	case "0m.gif", "0f.gif":
		return ""
	}
	return raw
}

// webURL returns an address with http or https; otherwise empty.
func webURL(raw string) string {
	raw = strings.TrimSpace(raw)
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return raw
}
