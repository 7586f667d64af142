package altcraft

import (
	"regexp"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
)

// languageTag is the shape of a BCP 47 tag in lower case.
var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{1,8})*$`)

// convertUser returns the neutral record. Two accounts may hold the same username, so the record's ID has the account in it; it is empty
// for a row without a username. What master and active say decides on the access: where one of them cannot be read, the access is not known, and
// the user counts as active, since the vendor lists them.
func convertUser(row decode.Value, accountID int64, region string) connectors.Account {
	active, master := row.Flag("active"), row.Flag("master")
	first, last := text(row, "first_name"), text(row, "last_name")
	a := connectors.Account{
		Name:      strings.TrimSpace(first + " " + last),
		FirstName: first,
		LastName:  last,
		Emails:    []connectors.Email{},
		Locale:    convertLang(row.Text("lang")),
		Active:    active != decode.No,
		Access:    connectors.AccessMember,
		Details:   &Details{NotifyEmail: text(row, "notify_email"), Master: master == decode.Yes},
	}
	if name := row.RowID("username", letterByLetter); name != "" {
		a.ID = strconv.FormatInt(accountID, 10) + ":" + name
		a.Username = name
	}
	// notify_email is where alerts go, perhaps a mailbox of many people: it is no address of this person.
	if address := text(row, "email"); address != "" {
		a.Emails = append(a.Emails, connectors.Email{Address: address})
	}
	if phone, ok := connectors.ParsePhone(row.Text("phone"), region, connectors.PhoneMain); ok {
		a.Phones = append(a.Phones, phone)
	}
	switch {
	case active == decode.Unreadable, master == decode.Unreadable:
		a.Access = connectors.AccessUnknown
	case master == decode.Yes:
		a.Access = connectors.AccessAdmin
	}
	return a
}

// letterByLetter keeps a username as it is, unless it is blank: nobody documents how upper case compares.
func letterByLetter(name string) string {
	if strings.TrimSpace(name) == "" {
		return ""
	}
	return name
}

func text(v decode.Value, key string) string { return strings.TrimSpace(v.Text(key)) }

// convertLang makes a language tag of the vendor's upper-case word, and nothing of what is no tag.
func convertLang(lang string) string {
	tag := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(lang)), "_", "-")
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
