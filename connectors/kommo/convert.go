package kommo

import (
	"cmp"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
)

// The codes of the built-in fields. Names of fields are localised, and their IDs differ between accounts.
const (
	codePhone = "PHONE"
	codeEmail = "EMAIL"
)

// defaultGroup is the ID of the group of all who are in no other group. The account lists it with this ID; group_id of its members is null.
const defaultGroup = "0"

// text returns a value without space around it.
func text(v decode.Value, key string) string { return strings.TrimSpace(v.Text(key)) }

// number returns a decimal number in its canonical form, or "" for anything else. IDs stay text, because they may exceed an integer.
func number(s string) string {
	if s == "" || len(s) > 32 || strings.ContainsFunc(s, func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	if t := strings.TrimLeft(s, "0"); t != "" {
		return t
	}
	return "0"
}

// idOrNone returns a number, or "" for 0, which Kommo uses for the system and for nobody.
func idOrNone(s string) string {
	if n := number(s); n != "0" {
		return n
	}
	return ""
}

// rowID returns the ID of a row of any list except groups.
func rowID(row decode.Value) string { return row.RowID("id", idOrNone) }

// refID returns the ID in a reference to a record other than a group.
func refID(v decode.Value, key string) string { return idOrNone(v.ID(key, number)) }

func convertTeam(row decode.Value) connectors.Team {
	return connectors.Team{ID: row.RowID("id", number), Name: text(row, "name")}
}

func convertRole(row decode.Value) (connectors.Role, bool) {
	out := connectors.Role{ID: rowID(row), Name: text(row, "name"), Access: connectors.AccessMember}
	if rights := row.Object("rights"); rights.IsObject() {
		out.Permissions = convertPermissions(rights)
	}
	return out, true
}

// contactConverter has the part of the configuration that contacts need.
type contactConverter struct {
	region string
	custom []connectors.CustomField
	names  *fieldNames
}

// convert returns the contact of a row of /contacts. A contact counts as deleted only if the row clearly says so.
func (c contactConverter) convert(row decode.Value) (connectors.Contact, bool) {
	if row.Flag("is_deleted") == decode.Yes { // Kommo lists it for a while after the deletion
		return connectors.Contact{}, false
	}
	out := connectors.Contact{
		ID:        rowID(row),
		Name:      text(row, "name"),
		FirstName: text(row, "first_name"),
		LastName:  text(row, "last_name"),
		OwnerID:   refID(row, "responsible_user_id"),
		CreatedAt: row.Unix("created_at"),
		UpdatedAt: row.Unix("updated_at"),
	}
	var emails, tags connectors.Distinct[string]
	var phones connectors.Distinct[connectors.Phone]
	fields, _ := row.Objects("custom_fields_values")
	for _, f := range fields {
		switch strings.ToUpper(f.Text("field_code")) { // other fields have values of many types
		case codeEmail:
			for _, v := range values(f) {
				emails.Add(strings.TrimSpace(v.Text("value")))
			}
		case codePhone:
			for _, v := range values(f) {
				if phone, ok := connectors.ParsePhone(v.Text("value"), c.region, phoneKind(v)); ok {
					phones.Add(phone)
				}
			}
		}
	}
	out.Custom = c.customFields(fields)
	out.Phones = phones.Values()
	out.Emails = emailsOf(nil, emails.Values()...)
	tagged, _ := row.Object("_embedded").Objects("tags")
	for _, t := range tagged {
		if name := text(t, "name"); name != "" {
			tags.Add(name)
		}
	}
	out.Tags = tags.Values()
	return out, true
}

// emailsOf returns the addresses that are not blank.
func emailsOf(to []connectors.Email, addresses ...string) []connectors.Email {
	for _, address := range addresses {
		if address != "" {
			to = append(to, connectors.Email{Address: address})
		}
	}
	return to
}

func values(field decode.Value) []decode.Value {
	all, _ := field.Objects("values")
	return all
}

// phoneKind returns the kind of a number by its code, which older answers call enum.
func phoneKind(v decode.Value) connectors.PhoneKind {
	switch strings.ToUpper(cmp.Or(text(v, "enum_code"), text(v, "enum"))) {
	case "":
		return connectors.PhoneMain
	case "WORK", "WORKDD": // at work, and directly to the desk
		return connectors.PhoneOffice
	case "MOB":
		return connectors.PhoneMobile
	case "FAX":
		return connectors.PhoneFax
	case "HOME":
		return connectors.PhoneHome
	}
	return connectors.PhoneOther
}
