package altcraft

import (
	"regexp"
	"strconv"
	"strings"

	"roster/connectors"
	"roster/connectors/decode"
)

// languageTag is the form of a BCP 47 tag in lower case.
var languageTag = regexp.MustCompile(`^[a-z]{2,3}(-[a-z0-9]{1,8})*$`)

// convertUser returns the account of a row. Its ID contains the account, because two accounts may have the same username; it is empty for a row
// without a username. If master or active cannot be read, the access level is unknown. If active cannot be read, the user counts as active,
// because the vendor lists the user.
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
	// notify_email receives alerts and may belong to several people, so it is no address of this person.
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

// letterByLetter returns a username unchanged, or empty if it is blank. It is not documented whether case matters.
func letterByLetter(name string) string {
	if strings.TrimSpace(name) == "" {
		return ""
	}
	return name
}

func text(v decode.Value, key string) string { return strings.TrimSpace(v.Text(key)) }

// convertLang returns the language tag for the vendor's upper-case word; empty if it is no tag.
func convertLang(lang string) string {
	tag := strings.ReplaceAll(strings.ToLower(strings.TrimSpace(lang)), "_", "-")
	if !languageTag.MatchString(tag) {
		return ""
	}
	return tag
}
