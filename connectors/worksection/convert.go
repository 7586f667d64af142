package worksection

import (
	"cmp"
	"maps"
	"math"
	"net/url"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/rest"
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

func (c converter) account(m member) connectors.Account {
	level, roles := roles(m.Role)
	return connectors.Account{
		ID:         id(m.ID),
		Name:       strings.TrimSpace(m.Name),
		FirstName:  strings.TrimSpace(m.FirstName),
		LastName:   strings.TrimSpace(m.LastName),
		Title:      strings.TrimSpace(m.Title),
		Department: strings.TrimSpace(m.Department),
		Emails:     emails(m.Email),
		Phones:     c.phones(m.person),
		Addresses:  addresses(m.person),
		AvatarURL:  avatar(m.Avatar),
		Active:     true, // deactivated members are not listed
		Access:     level,
		Roles:      roles,
		Teams:      teams(m.Group),
		URL:        webURL(m.URL),
		CreatedAt:  c.added(m.person),
		Worksection: &connectors.WorksectionDetails{
			Rate:          rate(m.Rate),
			Chats:         names(m.Services.Chats),
			Socials:       names(m.Services.Socials),
			OtherContacts: strings.TrimSpace(m.Contacts),
		},
	}
}

func (c converter) contact(p person) connectors.Contact {
	return connectors.Contact{
		ID:        id(p.ID),
		Name:      strings.TrimSpace(p.Name),
		FirstName: strings.TrimSpace(p.FirstName),
		LastName:  strings.TrimSpace(p.LastName),
		Title:     strings.TrimSpace(p.Title),
		Emails:    emails(p.Email),
		Phones:    c.phones(p),
		Addresses: addresses(p),
		Folder:    folderOf(p.Group),
		URL:       webURL(p.URL),
		CreatedAt: c.added(p),
	}
}

func team(g group) connectors.Team {
	kind := connectors.TeamCompany
	if g.Client == "1" || g.Client == "true" {
		kind = connectors.TeamClient
	}
	return connectors.Team{ID: id(g.ID), Name: strings.TrimSpace(g.Title), Kind: kind}
}

func folder(g contactGroup) connectors.ContactFolder {
	kind := connectors.FolderCustom
	if g.Type == "preset" {
		kind = connectors.FolderPreset
	}
	return connectors.ContactFolder{ID: id(g.ID), Name: strings.TrimSpace(g.Title), Kind: kind}
}

func id(s rest.Scalar) string { return strings.TrimSpace(string(s)) }

// roles gives the one role of a member. Its case differs from one answer to another, so the ID is in lower case.
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

// teams gives the one team of a member; the vendor names it and gives no ID.
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

func (c converter) phones(p person) []connectors.Phone {
	var phones []connectors.Phone
	for _, n := range []struct {
		raw  string
		kind connectors.PhoneKind
	}{
		{p.Phone, connectors.PhoneMain},
		{p.Phone2, connectors.PhoneOffice},
		{p.Phone3, connectors.PhoneMobile},
		{p.Phone4, connectors.PhoneHome},
	} {
		if phone, ok := connectors.ParsePhone(n.raw, c.region, n.kind); ok {
			phones = append(phones, phone)
		}
	}
	return phones
}

func addresses(p person) []string {
	var lines []string
	for _, a := range []string{p.Address, p.Address2} {
		if a = strings.TrimSpace(a); a != "" {
			lines = append(lines, a)
		}
	}
	return lines
}

// added gives the time of the invitation. The vendor names no time zone.
func (c converter) added(p person) time.Time {
	t, err := time.ParseInLocation("2006-01-02 15:04", strings.TrimSpace(cmp.Or(p.DateAdded, p.DataAdded)), c.zone)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

func rate(s rest.Scalar) *float64 {
	f, err := strconv.ParseFloat(strings.TrimSpace(string(s)), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		return nil
	}
	return &f
}

// names puts handles in the order of their services: an object has none of its own.
func names(h handles) []connectors.Handle {
	var all []connectors.Handle
	for _, service := range slices.Sorted(maps.Keys(h)) {
		if name := strings.TrimSpace(h[service]); name != "" {
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
