package kommo

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"roster/connectors"
	"roster/internal/rest"
)

// defaultGroup is the ID of the group of those who were put in none: the account lists it under this ID, a member's group_id is null.
const defaultGroup = "0"

// text gives a value as a person would write it.
func text(s rest.Scalar) string { return strings.TrimSpace(string(s)) }

// number gives a decimal number in the form that stands for it, or "" for anything else. IDs stay text: they may outgrow an integer.
func number(s rest.Scalar) string {
	if s == "" || len(s) > 32 || strings.ContainsFunc(string(s), func(r rune) bool { return r < '0' || r > '9' }) {
		return ""
	}
	if t := strings.TrimLeft(string(s), "0"); t != "" {
		return t
	}
	return "0"
}

// recordID gives a number other than 0, which Kommo writes for the system and for nobody.
func recordID(s rest.Scalar) string {
	if n := number(s); n != "0" {
		return n
	}
	return ""
}

// unixTime reads seconds; zero where there are none, or too many for a date of four digits.
func unixTime(s rest.Scalar) time.Time {
	const end = 253402300800 // the year 10000
	seconds, err := strconv.ParseInt(string(s), 10, 64)
	if err != nil || seconds <= 0 || seconds >= end {
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func convertTeam(g named) connectors.Team {
	return connectors.Team{ID: number(g.ID), Name: text(g.Name)}
}

func convertRole(r role) connectors.Role {
	out := connectors.Role{ID: recordID(r.ID), Name: text(r.Name), Access: connectors.AccessMember}
	if r.Rights != nil {
		out.Permissions = convertPermissions(*r.Rights)
	}
	return out
}

// contactConverter knows what the configuration adds to a contact.
type contactConverter struct{ region string }

func (c contactConverter) convert(w contact) (connectors.Contact, bool) {
	if w.IsDeleted { // served for a while after the deletion
		return connectors.Contact{}, false
	}
	out := connectors.Contact{
		ID:        recordID(w.ID),
		Name:      text(w.Name),
		FirstName: text(w.FirstName),
		LastName:  text(w.LastName),
		OwnerID:   recordID(w.ResponsibleUserID),
		CreatedAt: unixTime(w.CreatedAt),
		UpdatedAt: unixTime(w.UpdatedAt),
	}
	for _, f := range w.CustomFields {
		for _, v := range f.values {
			if f.code == codeEmail {
				out.Emails = appendEmail(out.Emails, v.Value)
			} else if phone, ok := connectors.ParsePhone(string(v.Value), c.region, phoneKind(v)); ok {
				out.Phones = append(out.Phones, phone)
			}
		}
	}
	for _, t := range w.Embedded.Tags {
		if name := text(t.Name); name != "" && !slices.Contains(out.Tags, name) {
			out.Tags = append(out.Tags, name)
		}
	}
	return out, true
}

func appendEmail(emails []connectors.Email, raw rest.Scalar) []connectors.Email {
	e := connectors.Email{Address: text(raw)}
	if e.Address == "" || slices.Contains(emails, e) {
		return emails
	}
	return append(emails, e)
}

func phoneKind(v fieldValue) connectors.PhoneKind {
	code := v.EnumCode
	if code == "" {
		code = v.Enum
	}
	switch strings.ToUpper(text(code)) {
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
