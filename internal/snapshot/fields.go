package snapshot

import "roster/connectors"

// The functions below list the fields of each kind of record in the order of their encoding. A change of what they write needs another
// Encoding. A test checks that no field is left out.

func accountFields(w *wire, a *connectors.Account) {
	w.string(&a.ID)
	w.string(&a.Name)
	w.string(&a.FirstName)
	w.string(&a.LastName)
	w.string(&a.Username)
	w.string(&a.Title)
	w.string(&a.Department)
	list(w, &a.Emails, emailFields)
	list(w, &a.Phones, phoneFields)
	list(w, &a.Addresses, (*wire).string)
	w.string(&a.AvatarURL)
	w.string(&a.Locale)
	w.bool(&a.Active)
	w.bool(&a.Bot)
	enum(w, &a.Access, connectors.AccessOwner)
	list(w, &a.Roles, roleRefFields)
	list(w, &a.Teams, teamRefFields)
	w.string(&a.URL)
	w.time(&a.CreatedAt)
	optional(w, &a.Worksection, worksectionFields)
	optional(w, &a.Kommo, kommoFields)
	optional(w, &a.Altcraft, altcraftFields)
	optional(w, &a.RocketChat, rocketchatFields)
}

func worksectionFields(w *wire, d *connectors.WorksectionDetails) {
	optional(w, &d.Rate, (*wire).float)
	list(w, &d.Chats, handleFields)
	list(w, &d.Socials, handleFields)
	w.string(&d.OtherContacts)
}

func kommoFields(w *wire, d *connectors.KommoDetails) {
	w.bool(&d.Admin)
	w.bool(&d.Free)
	w.bool(&d.MailAccess)
	w.bool(&d.CatalogAccess)
	list(w, &d.Permissions, permissionFields)
	list(w, &d.StagePermissions, stagePermissionFields)
	w.string(&d.UUID)
	w.string(&d.ChatID)
	w.string(&d.Rank)
}

func altcraftFields(w *wire, d *connectors.AltcraftDetails) {
	w.string(&d.NotifyEmail)
	w.bool(&d.Master)
}

func rocketchatFields(w *wire, d *connectors.RocketChatDetails) {
	w.string(&d.Type)
	optional(w, &d.UTCOffset, (*wire).float)
	w.bytes(&d.CustomFields)
}

func emailFields(w *wire, e *connectors.Email) {
	w.string(&e.Address)
	optional(w, &e.Verified, (*wire).bool)
	w.bool(&e.Synthetic)
}

func phoneFields(w *wire, p *connectors.Phone) {
	w.string(&p.Raw)
	w.string(&p.E164)
	enum(w, &p.Kind, connectors.PhoneOther)
}

func handleFields(w *wire, h *connectors.Handle) {
	w.string(&h.Service)
	w.string(&h.Value)
}

func permissionFields(w *wire, p *connectors.Permission) {
	w.string(&p.Entity)
	w.string(&p.Action)
	enum(w, &p.Grant, connectors.GrantDenied)
}

func stagePermissionFields(w *wire, p *connectors.StagePermission) {
	w.string(&p.Entity)
	w.string(&p.PipelineID)
	w.string(&p.StageID)
	w.string(&p.Action)
	enum(w, &p.Grant, connectors.GrantDenied)
}

func roleRefFields(w *wire, r *connectors.RoleRef) {
	w.string(&r.ID)
	w.string(&r.Name)
	enum(w, &r.Access, connectors.AccessOwner)
}

func teamRefFields(w *wire, t *connectors.TeamRef) {
	w.string(&t.ID)
	w.string(&t.Name)
}

func teamFields(w *wire, t *connectors.Team) {
	w.string(&t.ID)
	w.string(&t.Name)
	enum(w, &t.Kind, connectors.TeamClient)
	list(w, &t.Members, (*wire).string)
}

func roleFields(w *wire, r *connectors.Role) {
	w.string(&r.ID)
	w.string(&r.Name)
	w.string(&r.Description)
	enum(w, &r.Access, connectors.AccessOwner)
	list(w, &r.Permissions, permissionFields)
}

func contactFields(w *wire, c *connectors.Contact) {
	w.string(&c.ID)
	w.string(&c.Name)
	w.string(&c.FirstName)
	w.string(&c.LastName)
	w.string(&c.Title)
	list(w, &c.Emails, emailFields)
	list(w, &c.Phones, phoneFields)
	list(w, &c.Addresses, (*wire).string)
	optional(w, &c.Folder, folderRefFields)
	list(w, &c.Tags, (*wire).string)
	w.string(&c.OwnerID)
	w.string(&c.URL)
	w.time(&c.CreatedAt)
	w.time(&c.UpdatedAt)
}

func folderRefFields(w *wire, f *connectors.FolderRef) {
	w.string(&f.ID)
	w.string(&f.Name)
}

func folderFields(w *wire, f *connectors.ContactFolder) {
	w.string(&f.ID)
	w.string(&f.Name)
	enum(w, &f.Kind, connectors.FolderPreset)
}
