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

// access puts the vendor's roles on the common scale.
var access = map[string]connectors.AccessLevel{
	"owner":            connectors.AccessOwner,
	"account admin":    connectors.AccessAdmin,
	"team admin":       connectors.AccessManager,
	"department admin": connectors.AccessManager,
	"user":             connectors.AccessMember,
	"guest":            connectors.AccessGuest,
	"reader":           connectors.AccessReader,
}

// converter turns wire types into neutral records, with what the vendor leaves unsaid.
type converter struct {
	zone   *time.Location // of dates
	region string         // of national phone numbers
}

// account makes the neutral record of a row of get_users, and of what me and add_user answer.
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

// contact makes the neutral record of a row of get_contacts, and of what add_contact answers.
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

// team makes the neutral record of a row of get_user_groups. Whose team it is stays open where that cannot be read.
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

// folder makes the neutral record of a row of get_contact_groups. IDs of presets are numbers, the others texts.
func folder(g decode.Value) connectors.ContactFolder {
	kind := connectors.FolderCustom
	if g.Text("type") == "preset" {
		kind = connectors.FolderPreset
	}
	return connectors.ContactFolder{ID: rowID(g), Name: text(g, "title"), Kind: kind}
}

func rowID(row decode.Value) string { return row.RowID("id", nil) }

func text(v decode.Value, key string) string { return strings.TrimSpace(v.Text(key)) }

// roles returns the one role of a member. Its case differs from one answer to another, so the ID is in lower case.
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

// teams returns the one team of a member; the vendor names it and returns no ID.
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

// emails is never nil: an administrator's key sees every address.
func emails(address string) []connectors.Email {
	address = strings.TrimSpace(address)
	if address == "" {
		return []connectors.Email{}
	}
	return []connectors.Email{{Address: address, Synthetic: synthetic(address)}}
}

// synthetic recognises <id>@<id>.worksection.com, which the vendor makes up for members without a mailbox.
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

// added returns the time of the invitation. The vendor names no time zone, and spells the key in two ways.
func (c converter) added(p decode.Value) time.Time {
	const layout = "2006-01-02 15:04"
	if t := p.Time("date_added", layout, c.zone); !t.IsZero() {
		return t
	}
	return p.Time("data_added", layout, c.zone)
}

// handles returns a member's names on other services, in the order of those: an object has none of its own.
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

// avatar leaves out the pictures that all members without one share.
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

// webURL keeps only what a browser can be sent to without harm.
func webURL(raw string) string {
	raw = strings.TrimSpace(raw)
	u, err := url.Parse(raw)
	if err != nil || u.Host == "" || u.User != nil || (u.Scheme != "http" && u.Scheme != "https") {
		return ""
	}
	return raw
}
