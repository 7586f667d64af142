package altcraft

import (
	"regexp"
	"strconv"
	"strings"

	"roster/connectors"
)

// languageTag is the shape of a BCP 47 tag in lower case.
var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{1,8})*$`)

// convertUser gives the neutral record. Two accounts may hold the same username, so the record's ID has the account in it; it is empty
// for a row without a username.
func convertUser(u user, accountID int64, region string) connectors.Account {
	a := connectors.Account{
		Name:      strings.TrimSpace(strings.TrimSpace(u.FirstName) + " " + strings.TrimSpace(u.LastName)),
		FirstName: strings.TrimSpace(u.FirstName),
		LastName:  strings.TrimSpace(u.LastName),
		Emails:    []connectors.Email{},
		Locale:    convertLang(u.Lang),
		Active:    u.Active == nil || *u.Active,
		Access:    connectors.AccessMember,
		Altcraft:  &connectors.AltcraftDetails{NotifyEmail: strings.TrimSpace(u.NotifyEmail), Master: u.Master},
	}
	// The username is kept letter by letter: nobody documents how upper case compares.
	if name := string(u.Username); strings.TrimSpace(name) != "" {
		a.ID = strconv.FormatInt(accountID, 10) + ":" + name
		a.Username = name
	}
	// notify_email is where alerts go, perhaps a mailbox of many people: it is no address of this person.
	if address := strings.TrimSpace(u.Email); address != "" {
		a.Emails = append(a.Emails, connectors.Email{Address: address})
	}
	if phone, ok := connectors.ParsePhone(string(u.Phone), region, connectors.PhoneMain); ok {
		a.Phones = append(a.Phones, phone)
	}
	if u.Master {
		a.Access = connectors.AccessAdmin
	}
	return a
}

// convertLang makes a language tag of the vendor's upper-case word, and nothing of what is no tag.
func convertLang(lang string) string {
	tag := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(lang)), "_", "-")
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
