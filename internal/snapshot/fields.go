package snapshot

import (
	"roster/connectors"
	"roster/connectors/wire"
)

// The functions below list the fields of each kind of record in the order of their encoding. A change of what they write needs another
// Encoding. A test checks that no field is left out. What only one kind of source tells is described by connectors.Kind.Details.

func accountFields(w *wire.Codec, a *connectors.Account) {
	w.String(&a.ID)
	w.String(&a.Name)
	w.String(&a.FirstName)
	w.String(&a.LastName)
	w.String(&a.Username)
	w.String(&a.Title)
	w.String(&a.Department)
	wire.List(w, &a.Emails, emailFields)
	wire.List(w, &a.Phones, phoneFields)
	wire.List(w, &a.Addresses, (*wire.Codec).String)
	w.String(&a.AvatarURL)
	w.String(&a.Locale)
	w.Bool(&a.Active)
	w.Bool(&a.Bot)
	wire.Enum(w, &a.Access, connectors.AccessOwner)
	wire.List(w, &a.Roles, roleRefFields)
	wire.List(w, &a.Teams, teamRefFields)
	w.String(&a.URL)
	w.Time(&a.CreatedAt)
}

// detailsOfEncoding1 is how many kinds had details when Encoding 1 began, each in a place of its own. An account of a kind without details still has these
// places, so that earlier snapshots can be read.
const detailsOfEncoding1 = 4

// withDetails adds what only the account's kind of source tells.
func withDetails(k *connectors.Kind) func(*wire.Codec, *connectors.Account) {
	return func(w *wire.Codec, a *connectors.Account) {
		accountFields(w, a)
		if k == nil || k.Details == nil {
			if a.Details != nil {
				w.Fail() // nobody could decode them
				return
			}
			for range detailsOfEncoding1 {
				none := false
				w.Bool(&none)
			}
			return
		}
		present := a.Details != nil
		if w.Bool(&present); !present {
			return
		}
		if w.Decoding() {
			a.Details = k.Details()
		}
		w.Pointee(a.Details)
		a.Details.Fields(w)
	}
}

// withExtra adds what only the settings of the source ask for. Records of a source without such settings are encoded as before they existed.
func withExtra(fields func(*wire.Codec, *connectors.Account)) func(*wire.Codec, *connectors.Account) {
	return func(w *wire.Codec, a *connectors.Account) {
		fields(w, a)
		wire.Optional(w, &a.Extra, connectors.ExtraFields)
	}
}

// accountContent is what two accounts have to have in common to be equal, whatever their kinds describe.
func accountContent(w *wire.Codec, a *connectors.Account) {
	accountValues(w, a)
	if a.Extra != nil {
		w.Bytes(&a.Extra.Raw)
	}
}

// accountValues is what has to be equal for an account to count as unchanged. What the source said besides, such as the time of the last login, does
// not count.
func accountValues(w *wire.Codec, a *connectors.Account) {
	accountFields(w, a)
	present := a.Details != nil
	if w.Bool(&present); present {
		a.Details.Fields(w)
	}
}

func emailFields(w *wire.Codec, e *connectors.Email) {
	w.String(&e.Address)
	wire.Optional(w, &e.Verified, (*wire.Codec).Bool)
	w.Bool(&e.Synthetic)
}

func phoneFields(w *wire.Codec, p *connectors.Phone) {
	w.String(&p.Raw)
	w.String(&p.E164)
	wire.Enum(w, &p.Kind, connectors.PhoneOther)
}

func roleRefFields(w *wire.Codec, r *connectors.RoleRef) {
	w.String(&r.ID)
	w.String(&r.Name)
	wire.Enum(w, &r.Access, connectors.AccessOwner)
}

func teamRefFields(w *wire.Codec, t *connectors.TeamRef) {
	w.String(&t.ID)
	w.String(&t.Name)
}

func teamFields(w *wire.Codec, t *connectors.Team) {
	w.String(&t.ID)
	w.String(&t.Name)
	wire.Enum(w, &t.Kind, connectors.TeamClient)
	wire.List(w, &t.Members, (*wire.Codec).String)
}

func roleFields(w *wire.Codec, r *connectors.Role) {
	w.String(&r.ID)
	w.String(&r.Name)
	w.String(&r.Description)
	wire.Enum(w, &r.Access, connectors.AccessOwner)
	wire.List(w, &r.Permissions, connectors.PermissionFields)
}

func contactFields(w *wire.Codec, c *connectors.Contact) {
	w.String(&c.ID)
	w.String(&c.Name)
	w.String(&c.FirstName)
	w.String(&c.LastName)
	w.String(&c.Title)
	wire.List(w, &c.Emails, emailFields)
	wire.List(w, &c.Phones, phoneFields)
	wire.List(w, &c.Addresses, (*wire.Codec).String)
	wire.Optional(w, &c.Folder, folderRefFields)
	wire.List(w, &c.Tags, (*wire.Codec).String)
	w.String(&c.OwnerID)
	w.String(&c.URL)
	w.Time(&c.CreatedAt)
	w.Time(&c.UpdatedAt)
}

// customEncoding is the version of what withCustom writes.
const customEncoding = "custom2"

// withCustom adds the custom fields that the settings of the source ask for. Records of a source without such settings are encoded as before they existed.
func withCustom(fields func(*wire.Codec, *connectors.Contact)) func(*wire.Codec, *connectors.Contact) {
	return func(w *wire.Codec, c *connectors.Contact) {
		fields(w, c)
		wire.Optional(w, &c.Custom, func(w *wire.Codec, v *connectors.CustomValues) { v.Fields(w) })
	}
}

// contactContent is what two contacts have to have in common to be equal, and to count as unchanged.
func contactContent(w *wire.Codec, c *connectors.Contact) {
	contactFields(w, c)
	if c.Custom != nil {
		c.Custom.Fields(w)
	}
}

func folderRefFields(w *wire.Codec, f *connectors.FolderRef) {
	w.String(&f.ID)
	w.String(&f.Name)
}

func folderFields(w *wire.Codec, f *connectors.ContactFolder) {
	w.String(&f.ID)
	w.String(&f.Name)
	wire.Enum(w, &f.Kind, connectors.FolderPreset)
}
